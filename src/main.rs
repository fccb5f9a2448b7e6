//! holdpoint's front door.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(holdpoint::cli::main())
}
