//! Reads a project's directory, as far as its migrations matter.

use std::fs;
use std::io::{self, Read as _};
use std::path::Path;

use crate::domain::project::Tree;

/// Directories that hold what others wrote, or what can be made again.
const PASSED_OVER: [&str; 12] = [
    "node_modules",
    "target",
    "build",
    "dist",
    "vendor",
    "venv",
    "env",
    "out",
    "bin",
    "obj",
    "__pycache__",
    "site-packages",
];
/// Endings of files whose text is looked at.
const READ: [&str; 12] = [
    "ini",
    "toml",
    "conf",
    "gradle",
    "kts",
    "xml",
    "py",
    "sql",
    "prisma",
    "properties",
    "yaml",
    "yml",
];
/// Deeper directories are not looked into.
const DEEPEST: usize = 9;
/// More files than these are not a project but a disk.
const MOST: usize = 50_000;
/// No more of a file is read, in bytes: what matters stands at its top.
const LONGEST: u64 = 64 << 10;

/// Reads the names of the files in `dir`, and the texts of those that may say something.
///
/// # Errors
/// `dir` cannot be read, or holds more than 50,000 files. What lies deeper and cannot be read is passed over.
pub fn read(dir: &Path) -> io::Result<Tree> {
    let mut tree = Tree::default();
    let mut count = 0;
    let mut open = vec![(dir.to_path_buf(), String::new(), 0)];
    while let Some((at, prefix, depth)) = open.pop() {
        let entries = match fs::read_dir(&at) {
            Ok(entries) => entries,
            Err(error) if depth == 0 => return Err(error),
            Err(_) => continue,
        };
        for entry in entries.flatten() {
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            let Ok(kind) = entry.file_type() else {
                continue;
            };
            let path = if prefix.is_empty() {
                name.clone()
            } else {
                format!("{prefix}/{name}")
            };
            if kind.is_dir() {
                // `bin/rails` is the one program that is asked for.
                if name == "bin" && entry.path().join("rails").is_file() {
                    tree.add(format!("{path}/rails"), "");
                }
                let hidden = name.starts_with('.') || PASSED_OVER.contains(&name.as_str());
                if !hidden && depth < DEEPEST {
                    open.push((entry.path(), path, depth + 1));
                }
            } else if kind.is_file() {
                count += 1;
                if count > MOST {
                    return Err(io::Error::other(format!(
                        "it holds more than {MOST} files: name the project's own directory"
                    )));
                }
                let text = text(&entry.path(), &name);
                tree.add(path, text);
            }
        }
    }
    Ok(tree)
}

fn text(path: &Path, name: &str) -> String {
    let ending = name.rsplit('.').next().unwrap_or("");
    if !READ.contains(&ending) {
        return String::new();
    }
    let mut bytes = Vec::new();
    let read = fs::File::open(path).and_then(|f| f.take(LONGEST).read_to_end(&mut bytes));
    read.map_or_else(
        |_| String::new(),
        |_| String::from_utf8_lossy(&bytes).into_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_wrote_is_passed_over() {
        let dir = tempfile::tempdir().unwrap();
        for path in [
            "a/alembic.ini",
            "node_modules/x/alembic.ini",
            ".git/alembic.ini",
            "bin/rails",
        ] {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "[alembic]\n").unwrap();
        }
        let tree = read(dir.path()).unwrap();
        let paths: Vec<_> = tree.all().map(|(p, _)| p.to_owned()).collect();
        assert_eq!(paths, ["a/alembic.ini", "bin/rails"]);
        assert_eq!(tree.text("a/alembic.ini"), "[alembic]\n");
        assert!(read(&dir.path().join("nowhere")).is_err());
    }
}
