//! Calls the command line and turns its result into an exit status.

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let words: Vec<_> = std::env::args_os().skip(1).collect();
    if let [command, run_dir, name] = words.as_slice()
        && command == "__attempt"
    {
        return holdpoint::engine::attempt::supervise(Path::new(run_dir), &name.to_string_lossy())
            .into();
    }
    ExitCode::SUCCESS
}
