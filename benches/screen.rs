//! What the screen costs beside other programs: the first frame, rest, a key during a flood, and the flood itself.
//!
//! `cargo bench --bench screen`

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

fn main() -> Done {
    for part in [first_frame::measure, rest::measure, flood::measure] {
        say(&part()?);
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
