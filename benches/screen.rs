//! What the screen costs beside other programs: the first frame, rest, a key during a flood, and the flood itself.
//!
//! `cargo bench --bench screen`, or one part of it: `cargo bench --bench screen -- first`, `rest`, `flood`

mod support;

#[path = "screen/first_frame.rs"]
mod first_frame;
#[path = "screen/flood.rs"]
mod flood;
#[path = "screen/rest.rs"]
mod rest;
#[path = "screen/stage.rs"]
mod stage;
#[path = "screen/times.rs"]
mod times;

use support::Done;

/// One part of what is measured; returns its table.
type Part = fn() -> Done<String>;

fn main() -> Done {
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| !a.starts_with("--"))
        .collect();
    let parts: [(&str, Part); 3] = [
        ("first", first_frame::measure),
        ("rest", rest::measure),
        ("flood", flood::measure),
    ];
    for (name, measure) in parts {
        if wanted.is_empty() || wanted.iter().any(|w| w == name) {
            say(&measure()?);
        }
    }
    Ok(())
}

#[expect(
    clippy::print_stdout,
    reason = "its figures are what a benchmark is for"
)]
fn say(text: &str) {
    println!("{text}");
}
