//! What the screen costs while it shows a live server and nothing is typed.

use std::thread::sleep;
use std::time::{Duration, Instant};

use holdpoint::engine::sandbox::any_server;
use holdpoint::engine::sandbox::shop::Shop;

use crate::stage::{QUIET, Stage};
use crate::support::Done;
use crate::support::cost::{Cost, memory_kb};
use crate::support::figures::table;
use crate::times::budget;

const LENGTH: Duration = Duration::from_secs(30);
/// Part of a core.
const PROCESSOR: f64 = 0.01;
const MEMORY_KB: u64 = 30_000;

/// Measures and returns the table.
pub fn measure() -> Done<String> {
    let shop = Shop::open(&any_server()?)?;
    let stage = Stage::start(QUIET, Some(shop.url()))?; // while a step runs, panels are refreshed every second
    let terminal = &stage.terminal;
    terminal.wait_for("calm")?;
    terminal.wait_for("active")?; // the connections are counted
    sleep(Duration::from_secs(3));
    let (pid, mut cost, mut most) = (terminal.pid()?, Cost::default(), 0);
    cost.look(pid);
    let began = Instant::now();
    while began.elapsed() < LENGTH {
        sleep(Duration::from_millis(100));
        cost.look(pid);
        most = most.max(memory_kb(pid)?);
    }
    let part = cost.spent().as_secs_f64() / began.elapsed().as_secs_f64();
    stage.end()?;
    let rows = [
        vec![
            "processor, % of a core".to_owned(),
            format!("{:.2}", part * 100.0),
            "1".to_owned(),
            budget(part, PROCESSOR).to_owned(),
        ],
        vec![
            "memory, MB (RSS)".to_owned(),
            format!("{}.{}", most / 1_000, most % 1_000 / 100),
            "30".to_owned(),
            budget(most, MEMORY_KB).to_owned(),
        ],
    ];
    Ok(format!(
        "At rest for {} s, a step running, panels refreshed every second from a shop at work\n\n{}",
        LENGTH.as_secs(),
        table(&["at rest", "seen", "budget", ""], &rows)
    ))
}
