//! A run's page in a real browser: what is drawn, where it stands, and that nothing else gets in.
//!
//! Where no browser is installed: in CI, and for root, `.ci/browser` brings one; anybody else is told that this was left out.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr
)]
#![allow(missing_docs, reason = "these are tests, not an interface")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// Looks from outside into the page, which runs no script itself.
const LOOK: &str = include_str!("look.js");

fn browser() -> Option<PathBuf> {
    let find = || {
        let paths = std::env::var_os("PATH").unwrap_or_default();
        let names = ["chromium", "chromium-browser", "google-chrome"];
        std::env::split_paths(&paths)
            .flat_map(|dir| names.map(|name| dir.join(name)))
            .find(|path| path.is_file())
    };
    let is_ci = std::env::var_os("CI").is_some();
    let is_root =
        fs::metadata("/proc/self").is_ok_and(|m| std::os::unix::fs::MetadataExt::uid(&m) == 0);
    if find().is_none() && (is_ci || is_root) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join(".ci/browser");
        let _ = Command::new(script).stdout(Stdio::null()).status();
    }
    let found = find();
    assert!(
        found.is_some() || !is_ci,
        ".ci/browser did not bring a browser"
    );
    if found.is_none() {
        eprintln!(
            "LEFT OUT: no chromium is installed, the page was not looked at (`.ci/browser` as root brings it)"
        );
    }
    found
}

/// The page of a golden bundle, made by the program.
fn page(dir: &Path) -> PathBuf {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/golden");
    let first = |path: &Path| {
        let mut dirs: Vec<_> = fs::read_dir(path)
            .unwrap()
            .map(|e| e.unwrap().path())
            .collect();
        dirs.retain(|p| p.is_dir());
        dirs.sort();
        dirs.remove(0)
    };
    let file = dir.join("page.html");
    let made = Command::new(env!("CARGO_BIN_EXE_holdpoint"))
        .arg("report")
        .arg(first(&first(&golden)))
        .args(["--html", "-o"])
        .arg(&file)
        .stdout(Stdio::null())
        .status();
    assert!(made.unwrap().success());
    file
}

fn run(browser: &Path, dir: &Path, args: &[&str]) -> String {
    let output = Command::new(browser)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--hide-scrollbars",
            "--no-first-run",
        ])
        .arg(format!("--user-data-dir={}", dir.join("profile").display()))
        .args(args)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What is seen of the page in a window of this width.
fn look(browser: &Path, dir: &Path, page: &Path, width: u32, more: &[&str]) -> Value {
    let text = fs::read_to_string(page).unwrap();
    let inner = text.replace('&', "&amp;").replace('"', "&quot;");
    let outer = format!(
        "<!DOCTYPE html><meta charset=utf-8><body style=\"margin:0\"><iframe id=page width={width} height=1400 \
         style=\"border:0\" srcdoc=\"{inner}\"></iframe><pre id=seen></pre><script>{LOOK}</script>"
    );
    let file = dir.join(format!("outer{width}.html"));
    fs::write(&file, outer).unwrap();
    let url = format!("file://{}", file.display());
    let dom = run(
        browser,
        dir,
        &[more, &["--dump-dom", "--virtual-time-budget=4000", &url]].concat(),
    );
    let (_, seen) = dom
        .split_once("<pre id=\"seen\">")
        .unwrap_or_else(|| panic!("{dom}"));
    let seen = seen.split_once("</pre>").unwrap().0;
    let seen = seen
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&");
    serde_json::from_str(&seen).unwrap_or_else(|e| panic!("{e}: {seen}"))
}

fn numbers(seen: &Value, name: &str) -> Vec<[f64; 4]> {
    let all = seen[name].as_array().unwrap();
    let one = |place: &Value| [0, 1, 2, 3].map(|at| place[at].as_f64().unwrap());
    all.iter().map(one).collect()
}

#[test]
fn the_page_is_drawn_as_it_should() {
    let Some(browser) = browser() else { return };
    let dir = tempfile::tempdir().unwrap();
    let page = page(dir.path());

    let seen = look(&browser, dir.path(), &page, 1100, &[]);
    let text = seen["text"].as_str().unwrap();
    for said in [
        "SUCCESS",
        "The signed record is log.md, not this page.",
        "log.md carries 2 signatures",
        "Deployment log: Orders get a status",
        "<script>alert(1)</script>",
        "Signature 2: QA Lead",
    ] {
        assert!(text.contains(said), "`{said}` is not in:\n{text}");
    }
    assert_eq!(seen["scripts"], 0);
    assert_eq!(seen["styles"], 1);

    let [svg_x, svg_y, svg_right, svg_bottom] = numbers(&seen, "svg")[0];
    assert!(svg_right - svg_x > 900.0 && svg_bottom - svg_y > 200.0);
    let bars = numbers(&seen, "bars");
    assert!(bars.len() >= 7, "{bars:?}");
    let labels = numbers(&seen, "labels");
    for [x, y, right, bottom] in bars {
        assert!(
            right - x >= 2.0 && bottom - y >= 8.0,
            "too small to be seen"
        );
        assert!(x >= svg_x && right <= svg_right && y >= svg_y && bottom <= svg_bottom);
        assert!(
            labels.iter().all(|label| label[2] <= x),
            "a label runs into its bar"
        );
    }
    let tops: Vec<f64> = numbers(&seen, "steps").iter().map(|step| step[1]).collect();
    assert!(
        tops.len() >= 7 && tops.is_sorted_by(|a, b| a < b),
        "{tops:?}"
    );
    assert!(!numbers(&seen, "planned").is_empty());
    assert!(!numbers(&seen, "blocked").is_empty(), "nobody was blocked");
    assert!(!numbers(&seen, "connections").is_empty());
    assert!(!numbers(&seen, "alarms").is_empty());
    let marks = numbers(&seen, "marks");
    assert_eq!(marks.len() as u64, seen["listed"].as_u64().unwrap());
    for (at, a) in marks.iter().enumerate() {
        let apart = |b: &[f64; 4]| {
            a[2] <= b[0] + 0.5 || b[2] <= a[0] + 0.5 || a[3] <= b[1] + 0.5 || b[3] <= a[1] + 0.5
        };
        assert!(
            marks[at + 1..].iter().all(apart),
            "marks lie upon each other: {marks:?}"
        );
    }

    let phone = look(&browser, dir.path(), &page, 390, &[]);
    assert!(
        phone["width"].as_f64().unwrap() <= 390.0,
        "the page scrolls sideways"
    );
    let dark = look(
        &browser,
        dir.path(),
        &page,
        1101,
        &["--blink-settings=preferredColorScheme=0"],
    );
    assert_ne!(seen["ground"], dark["ground"]);

    let shot = |name: &str, url: &str| {
        let file = dir.path().join(name);
        let to = format!("--screenshot={}", file.display());
        run(&browser, dir.path(), &["--window-size=1100,1400", &to, url]);
        fs::read(file).unwrap()
    };
    let blank = shot("blank.png", "about:blank");
    let drawn = shot("page.png", &format!("file://{}", page.display()));
    assert!(
        drawn.starts_with(b"\x89PNG") && drawn.len() > 5 * blank.len(),
        "{} {}",
        drawn.len(),
        blank.len()
    );
}
