//! One database server for all stories, a database for each, and a line to it that can be cut.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;

use holdpoint::engine::sandbox::{Listen, Options, Sandbox, any_server};

/// Returns the server; it goes when this process does.
pub fn server() -> &'static Sandbox {
    static SERVER: OnceLock<Sandbox> = OnceLock::new();
    SERVER.get_or_init(|| {
        let options = Options {
            password: Some("right".into()),
            listen: Listen::Loopback,
            ..Options::default()
        };
        let options = options.setting("autovacuum", "off");
        Sandbox::start(&any_server().unwrap(), options).unwrap()
    })
}

/// Makes an empty database; returns its name.
pub fn database() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let name = format!("story{}", NEXT.fetch_add(1, Ordering::Relaxed));
    server().create_database(&name).unwrap();
    name
}

/// A line between a port of ours and the server, which can be cut and mended.
pub struct Line {
    port: u16,
    cut: Arc<AtomicBool>,
    open: Arc<Mutex<Vec<TcpStream>>>,
}

impl Line {
    /// Lays a line to the server.
    pub fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let line = Self {
            port,
            cut: Arc::default(),
            open: Arc::default(),
        };
        let (cut, open) = (Arc::clone(&line.cut), Arc::clone(&line.open));
        thread::spawn(move || {
            for near in listener.incoming() {
                let Ok(near) = near else { return };
                if !cut.load(Ordering::SeqCst) {
                    let _ = join(near, &open);
                }
            }
        });
        line
    }

    /// Returns the server's address by way of this line.
    pub fn url(&self, database: &str) -> String {
        let direct = format!(":{}/", server().port());
        server()
            .url(database)
            .replace(&direct, &format!(":{}/", self.port))
    }

    /// Cuts it: what goes over it breaks, and nobody gets through.
    pub fn cut(&self) {
        self.cut.store(true, Ordering::SeqCst);
        for stream in self.open.lock().unwrap().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// Mends it.
    pub fn mend(&self) {
        self.cut.store(false, Ordering::SeqCst);
    }
}

fn join(near: TcpStream, open: &Mutex<Vec<TcpStream>>) -> io::Result<()> {
    let far = TcpStream::connect(("127.0.0.1", server().port()))?;
    open.lock()
        .unwrap()
        .extend([near.try_clone()?, far.try_clone()?]);
    for (mut from, mut to) in [(near.try_clone()?, far.try_clone()?), (far, near)] {
        thread::spawn(move || {
            let mut bytes = [0; 8192];
            while let Ok(n @ 1..) = from.read(&mut bytes) {
                if to.write_all(&bytes[..n]).is_err() {
                    break;
                }
            }
            let _ = from.shutdown(Shutdown::Both);
            let _ = to.shutdown(Shutdown::Both);
        });
    }
    Ok(())
}
