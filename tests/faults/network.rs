//! Packets that are dropped and not refused: a line that falls silent.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::cluster::{Cluster, free_port};
use crate::database::{begin, differs, wait_aged};
use crate::pty::Pty;
use crate::stage::Stage;

/// A line between the program and its server that can fall silent: what is sent is swallowed, and nothing is closed.
struct Line {
    port: u16,
    silent: Arc<AtomicBool>,
}

impl Line {
    fn to(server: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let silent = Arc::new(AtomicBool::new(false));
        let quiet = Arc::clone(&silent);
        thread::spawn(move || {
            for near in listener.incoming() {
                let (near, quiet) = (near.unwrap(), Arc::clone(&quiet));
                thread::spawn(move || carry(&near, server, &quiet));
            }
        });
        Self { port, silent }
    }
}

/// Carries one connection. One that was open while the line was silent has lost bytes, and stays silent for ever.
fn carry(near: &TcpStream, server: u16, silent: &Arc<AtomicBool>) {
    let broken = Arc::new(AtomicBool::new(silent.load(Ordering::SeqCst)));
    let Ok(far) = TcpStream::connect(("127.0.0.1", server)) else {
        return;
    };
    thread::scope(|scope| {
        for (mut from, mut to) in [(near, &far), (&far, near)] {
            let broken = &broken;
            scope.spawn(move || {
                let mut bytes = [0; 8192];
                while let Ok(n @ 1..) = from.read(&mut bytes) {
                    broken.fetch_or(silent.load(Ordering::SeqCst), Ordering::SeqCst);
                    if !broken.load(Ordering::SeqCst) && to.write_all(&bytes[..n]).is_err() {
                        break;
                    }
                }
                let _ = to.shutdown(std::net::Shutdown::Both);
            });
        }
    });
}

/// While the line is silent the panels age, keys work and the step goes on; then the server is asked who it is.
fn silence(stage: &Stage, screen: &mut Pty, fall: impl Fn(), mend: impl Fn()) {
    fall();
    let begun = Instant::now();
    wait_aged(screen);
    let noticed = begun.elapsed();
    println!("silence was noticed after {} ms", noticed.as_millis());
    assert!(noticed < Duration::from_secs(30));
    let pressed = Instant::now();
    screen.press("?");
    screen.wait_for("esc shuts this");
    println!("a key took {} ms meanwhile", pressed.elapsed().as_millis());
    screen.press("\x1b");
    screen.wait("the help to be gone", |s| !s.contains("esc shuts this"));
    screen.press_for("n", "Enter writes it down");
    screen.type_slowly("it is silent");
    screen.answer("Enter writes it down");
    stage.wait_events("note", 1);
    let printed = stage.run_dir().join("output/01.1.txt");
    let before = std::fs::metadata(&printed).unwrap().len();
    crate::stage::wait("the step to go on", || {
        std::fs::metadata(&printed).unwrap().len() > before
    });
    mend();
    let back = Instant::now();
    let seen = stage.wait_events("target", 2);
    println!("it was back after {} ms", back.elapsed().as_millis());
    assert_eq!(differs(&seen[1]), [""; 0]);
    assert_eq!(stage.events("target.lost").len(), 1);
    stage.touch("go");
    screen.wait_for("Enter opens the confirmation");
    screen.leave();
}

#[test]
fn a_line_that_falls_silent_is_noticed_and_nothing_waits_for_it() {
    let cluster = Cluster::start("");
    let line = Line::to(cluster.port());
    let (stage, mut screen) = begin(&Cluster::url_of("postgres", "127.0.0.1", line.port));
    let silent = &line.silent;
    silence(
        &stage,
        &mut screen,
        || silent.store(true, Ordering::SeqCst),
        || silent.store(false, Ordering::SeqCst),
    );
}

/// A network of its own behind a pair of virtual cards.
struct Wire {
    space: String,
    near: String,
    net: u32,
}

fn ip(words: &str) -> bool {
    let said = Command::new("ip").args(words.split(' ')).output();
    said.is_ok_and(|said| said.status.success())
}

impl Wire {
    /// Lays it; `None`: this account may not, or the machine cannot.
    fn lay() -> Option<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = std::process::id() % 60_000 * 4 + NEXT.fetch_add(1, Ordering::Relaxed);
        let wire = Self {
            space: format!("hpf{number}"),
            near: format!("hpn{number}"),
            net: number % 250,
        };
        let (space, near, net) = (&wire.space, &wire.near, wire.net);
        let laid = ip(&format!("netns add {space}"))
            && ip(&format!(
                "link add {near} type veth peer name far netns {space}"
            ))
            && ip(&format!("addr add 10.231.{net}.1/24 dev {near}"))
            && ip(&format!("link set {near} up"))
            && ip(&format!("-n {space} addr add 10.231.{net}.2/24 dev far"))
            && ip(&format!("-n {space} link set far up"));
        laid.then_some(wire)
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        ip(&format!("netns del {}", self.space));
        ip(&format!("link del {}", self.near));
    }
}

#[test]
fn packets_that_the_network_drops_are_noticed_as_well() {
    let Some(wire) = Wire::lay() else {
        println!("not done here: laying a network of its own needs root and `ip`");
        return;
    };
    let here = format!("10.231.{}.1", wire.net);
    let cluster = Cluster::make(free_port(), "");
    cluster.trust(&here);
    cluster.up_at(&format!("127.0.0.1,{here}"));
    let url = Cluster::url_of("postgres", &here, cluster.port());
    let stage = Stage::with(crate::database::RUNBOOK).env("DATABASE_URL", &url);
    let mut screen = stage.start_in(&wire.space);
    screen.wait("a running step", |s| {
        s.contains("running") && s.contains("line 1")
    });
    stage.wait_events("target", 1);
    screen.wait_for("nobody waits for a lock");
    let drop_all = format!(
        "netns exec {} tc qdisc add dev far root netem loss 100%",
        wire.space
    );
    let let_pass = format!("netns exec {} tc qdisc del dev far root", wire.space);
    let (fall, mend) = if ip(&drop_all) {
        assert!(ip(&let_pass));
        (drop_all, let_pass)
    } else {
        // Without that module the far card is taken down: what is sent is lost all the same.
        let set = |to: &str| format!("link set {} {to}", wire.near);
        (set("down"), set("up"))
    };
    println!("dropped by: ip {fall}");
    silence(
        &stage,
        &mut screen,
        || assert!(ip(&fall)),
        || assert!(ip(&mend)),
    );
}
