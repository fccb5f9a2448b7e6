//! How long a checklist of one megabyte takes to import, beside parsing the same markdown and doing nothing with it.
//!
//! `cargo bench --bench import` prints both and their ratio; nothing is asserted, because machines differ.
#![allow(clippy::print_stdout, clippy::unwrap_used, missing_docs)]

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::{Duration, Instant};

use holdpoint::domain::import::{Options, import};

/// Bytes of the document.
const SIZE: usize = 1_000_000;
const ROUNDS: usize = 5;

fn document() -> String {
    let mut text = String::from("# Long window\n");
    let mut phase = 0;
    while text.len() < SIZE {
        phase += 1;
        let _ = writeln!(text, "\n## Phase {phase} (T+{phase}m)\n");
        for item in 0..20 {
            let _ = writeln!(
                text,
                "- [ ] Step {phase}-{item} of **many** (~{item} min)\n  - [ ] nested, with `code` and a [link](https://example.com)\n\n  ```sh\n  echo {phase}-{item} <host>\n  ```"
            );
        }
        text.push_str(
            "\n| # | Task | Owner | Done |\n|---|---|---|---|\n| 1 | Look | DBA | [ ] |\n",
        );
    }
    text
}

/// The median of some rounds.
fn timed(mut work: impl FnMut()) -> Duration {
    let mut times: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed()
        })
        .collect();
    times.sort();
    times[ROUNDS / 2]
}

fn main() {
    let text = document();
    let steps = import(text.as_bytes(), "long.md", Options::default())
        .unwrap()
        .book
        .steps
        .len();
    let parsing = timed(|| {
        let arena = comrak::Arena::new();
        let mut options = comrak::Options::default();
        options.extension.table = true;
        options.extension.tasklist = true;
        black_box(comrak::parse_document(&arena, &text, &options));
    });
    let importing = timed(|| {
        black_box(import(text.as_bytes(), "long.md", Options::default()).unwrap());
    });
    println!("{} bytes, {steps} steps", text.len());
    println!("comrak parses it in        {parsing:>10.1?}");
    println!("holdpoint imports it in    {importing:>10.1?}");
    println!(
        "ratio                      {:>10.1}",
        importing.as_secs_f64() / parsing.as_secs_f64()
    );
}
