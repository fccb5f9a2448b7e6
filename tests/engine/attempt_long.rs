//! Attempts that take their time: followed while they run, flooding, polled.

use std::fs;

use holdpoint::domain::attempt::Ended;
use holdpoint::domain::runbook::model::Capture;
use holdpoint::engine::attempt::Tail;

use crate::workshop::{Workshop, eventually, script};

fn failed(exit: i32) -> Ended {
    Ended::Failed {
        exit: Some(exit),
        signal: None,
    }
}

#[test]
fn a_tail_sees_lines_while_the_step_runs_and_jumps_over_a_flood() {
    let shop = Workshop::new();
    let mut tail = Tail::open(shop.path(), "01.1");
    assert_eq!(tail.poll(), None);
    let gate = shop.path().join("gate");
    let text = format!(
        "printf 'Continue? '; until [ -e {0} ]; do sleep 0.02; done; head -c 1000000 /dev/zero | tr '\\0' x; echo; echo end",
        gate.display()
    );
    shop.launch("01.1", &script(&text)).unwrap();
    let chunk = eventually(|| tail.poll());
    assert_eq!(
        (chunk.bytes.as_slice(), chunk.skipped),
        (&b"Continue? "[..], 0)
    );
    fs::write(gate, "").unwrap();
    shop.outcome("01.1");
    let chunk = tail.poll().unwrap();
    assert_eq!(chunk.bytes.len(), 256 * 1024);
    assert_eq!(chunk.skipped, 1_000_005 - 256 * 1024);
    assert!(chunk.bytes.ends_with(b"x\nend\n"));
    assert_eq!(tail.poll(), None);
}

#[test]
fn a_flood_is_cut_counted_and_held_in_little_memory() {
    let shop = Workshop::new();
    // 200 MB in one line, then 100 MB in short ones.
    let mut work = script(
        "set +o pipefail; head -c 200000000 /dev/zero | tr '\\0' 'x'; yes 'a line of output' | head -c 100000000; \
         grep -E 'VmHWM|RssFile' /proc/$PPID/status",
    );
    work.output_cap = 8 << 20;
    let capture = |name: &str| Capture {
        name: name.into(),
        pattern: format!(r"{name}:\s+(\d+) kB"),
    };
    work.capture = vec![capture("VmHWM"), capture("RssFile")];
    let outcome = shop.run(&work);
    let kb = |name: &str| outcome.values[name].parse::<u64>().unwrap();
    // Pages of the program's own file are no memory it takes; a debug build has many.
    let own = kb("VmHWM") - kb("RssFile");
    assert!(own < 8_000, "the supervisor took {own} kB");
    assert!(outcome.output.cut_from.unwrap() > 300_000_000);
    assert!(outcome.output.bytes <= (8 << 20) + 400);
    let output = shop.output("01.1");
    assert!(output.contains("[holdpoint: more than 8388608 bytes were printed"));
    assert!(output.ends_with(" kB\n"), "the end is kept");
}

#[test]
fn polling_ends_as_soon_as_it_holds() {
    let shop = Workshop::new();
    let mut work = script(&format!(
        "echo x >> {0}; n=$(wc -l < {0}); echo \"$n of 3\"; test $n -ge 3",
        shop.path().join("count").display()
    ));
    work.until_ms = Some(60_000);
    let outcome = shop.run(&work);
    assert_eq!(outcome.ended, Ended::Passed);
    let output = shop.output("01.1");
    let lines: Vec<_> = output.lines().collect();
    assert_eq!(lines.len(), 5, "{output}");
    assert!(
        lines[1].starts_with("[holdpoint: try 2, after "),
        "{output}"
    );
    assert_eq!(lines[4], "3 of 3");
}

#[test]
fn polling_fails_when_its_time_is_up() {
    let shop = Workshop::new();
    let mut work = script("echo not yet; exit 1");
    work.until_ms = Some(3_500);
    let outcome = shop.run(&work);
    assert_eq!(outcome.ended, failed(1));
    // `not as expected within 3.5 s (3 tries): exit 1`; a busy machine takes its time, and comes to fewer of them.
    let said = outcome.summary.strip_prefix("not as expected within ");
    let said = said.and_then(|s| s.strip_suffix(" tries): exit 1"));
    let (after, tries) = said
        .and_then(|s| s.split_once(" s ("))
        .expect(&outcome.summary);
    let (after, tries): (f64, usize) = (after.parse().unwrap(), tries.parse().unwrap());
    assert!(
        after >= 3.5 && (2..=3).contains(&tries),
        "{}",
        outcome.summary
    );
    let printed = shop.output("01.1").matches("not yet").count();
    assert!(
        (tries - 1..=tries).contains(&printed),
        "{printed} of {tries}"
    );
}
