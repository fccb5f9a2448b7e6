//! What this machine says of itself and of its processes, by `/proc`.

use std::fs::{self, File};
use std::io::Read as _;
use std::thread::available_parallelism;

use crate::domain::sample::machine::Machine;

/// Bytes of a file that are read at most: those asked for here say first what counts.
const MOST: usize = 2_048;
/// The entries of the auxiliary vector that tell the units, as `getauxval(3)` numbers them.
const PAGE_SIZE: usize = 6;
const CLOCK_TICKS: usize = 17;

/// The units in which the system counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Units {
    /// Clock ticks a second.
    pub ticks: u64,
    /// Bytes of a page.
    pub page: u64,
}

impl Units {
    /// Asks the system; what it does not tell is as it is nearly everywhere.
    pub fn read() -> Self {
        let words = fs::read("/proc/self/auxv").unwrap_or_default();
        let word = |bytes: &[u8]| Some(usize::from_ne_bytes(bytes.try_into().ok()?));
        let words: Vec<usize> = words.chunks(size_of::<usize>()).filter_map(word).collect();
        let told = |wanted: usize| {
            let mut pairs = words.chunks_exact(2);
            let value = pairs.find(|pair| pair[0] == wanted)?[1];
            u64::try_from(value).ok().filter(|value| *value > 0)
        };
        Self {
            ticks: told(CLOCK_TICKS).unwrap_or(100),
            page: told(PAGE_SIZE).unwrap_or(4_096),
        }
    }
}

/// A process, as `/proc/PID/stat` has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Its program's name, at most 15 bytes of it.
    pub name: String,
    /// The process that started it.
    pub parent: i32,
    /// Clock ticks that it has worked.
    pub worked: u64,
    /// Clock ticks after boot at which it started.
    pub started: u64,
}

impl Process {
    /// Reads process `pid`; `None`: it is not there, or may not be seen.
    pub fn read(pid: i32) -> Option<Self> {
        parsed(&read(&format!("/proc/{pid}/stat"))?)
    }
}

fn parsed(stat: &str) -> Option<Process> {
    // A program's name may hold blanks and brackets.
    let (before, after) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = after.split_ascii_whitespace().collect();
    let number = |at: usize| fields.get(at)?.parse::<u64>().ok();
    Some(Process {
        name: before.split_once('(')?.1.to_owned(),
        parent: fields.get(1)?.parse().ok()?,
        worked: number(11)? + number(12)?,
        started: number(19)?,
    })
}

/// Returns the pages of memory that process `pid` has for itself.
pub fn own_pages(pid: i32) -> Option<u64> {
    let sizes = read(&format!("/proc/{pid}/statm"))?;
    let mut sizes = sizes.split_ascii_whitespace().skip(1);
    let mut next = || sizes.next()?.parse::<u64>().ok();
    Some(next()?.saturating_sub(next()?))
}

/// Returns the bytes that process `pid` has had read from and written to disks; `None`: it is not this program's to know.
pub fn disk_bytes(pid: i32) -> Option<[u64; 2]> {
    let counters = read(&format!("/proc/{pid}/io"))?;
    let of = |name: &str| {
        let mut values = counters.lines().filter_map(|line| line.strip_prefix(name));
        values.next()?.trim().parse().ok()
    };
    Some([of("read_bytes:")?, of("write_bytes:")?])
}

/// Returns the machine's load and memory.
pub fn state() -> Option<Machine> {
    let load = read("/proc/loadavg")?;
    let mut load = load.split_ascii_whitespace().map(str::parse);
    let mut next = || load.next()?.ok();
    let memory = read("/proc/meminfo")?;
    let bytes = |name: &str| {
        let mut lines = memory.lines().filter_map(|line| line.strip_prefix(name));
        let kib = lines.next()?.split_ascii_whitespace().next()?;
        kib.parse::<u64>().ok().map(|kib| kib * 1_024)
    };
    Some(Machine {
        load: [next()?, next()?, next()?],
        processors: available_parallelism().map_or(1, |n| u32::try_from(n.get()).unwrap_or(1)),
        memory: bytes("MemTotal:")?,
        available: bytes("MemAvailable:")?,
        ..Machine::default()
    })
}

/// One call for the system: these are read often.
fn read(path: &str) -> Option<String> {
    let mut bytes = [0; MOST];
    let n = File::open(path).ok()?.read(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes[..n]).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_read_whatever_its_program_is_called() {
        let stat = "4711 (a) b (c) S 17 4711 4711 0 -1 4194560 1 2 3 4 250 50 5 6 20 0 1 0 987654 1000 42 0";
        let process = parsed(stat).unwrap();
        assert_eq!(process.name, "a) b (c");
        let figures = (process.parent, process.worked, process.started);
        assert_eq!(figures, (17, 300, 987_654));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_machine_and_this_process_are_told() {
        let own = i32::try_from(std::process::id()).unwrap();
        let process = Process::read(own).unwrap();
        assert_eq!(
            u64::try_from(process.parent).unwrap(),
            u64::from(std::os::unix::process::parent_id())
        );
        let units = Units::read();
        assert!(
            units.page.is_power_of_two() && units.ticks >= 100,
            "{units:?}"
        );
        let born_ms = process.started * 1_000 / units.ticks;
        assert!(born_ms <= crate::engine::clock::mono_ms());
        assert!(own_pages(own).is_some_and(|pages| pages > 10));
        assert!(disk_bytes(own).is_some());
        let machine = state().unwrap();
        assert!(machine.available < machine.memory && machine.processors > 0);
    }
}
