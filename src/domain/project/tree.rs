//! The files of a directory, as far as they matter here.

use std::collections::BTreeMap;

/// Paths from the directory (with `/`), and the text of those that were read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tree {
    files: BTreeMap<String, String>,
}

impl Tree {
    /// Takes a file in; an empty text for one that need not be read.
    pub fn add(&mut self, path: impl Into<String>, text: impl Into<String>) {
        self.files.insert(path.into(), text.into());
    }

    /// Whether `path` is there.
    pub fn has(&self, path: &str) -> bool {
        self.files.contains_key(path)
    }

    /// Returns the text of `path`, empty where there is none.
    pub fn text(&self, path: &str) -> &str {
        self.files.get(path).map_or("", String::as_str)
    }

    /// Returns the path of the file called `name` that lies least deep.
    pub fn named(&self, name: &str) -> Option<&str> {
        let named = self.files.keys().filter(|p| file_name(p) == name);
        named
            .min_by_key(|p| (p.matches('/').count(), p.len()))
            .map(String::as_str)
    }

    /// Returns the files directly in `dir` (empty for the top): name and text, by name.
    pub fn directly_in<'a>(&'a self, dir: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.files.iter().filter_map(move |(path, text)| {
            let here = parent(path) == dir;
            here.then_some((file_name(path), text.as_str()))
        })
    }

    /// Returns every path with its text.
    pub fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().map(|(p, t)| (p.as_str(), t.as_str()))
    }

    /// Returns how a Python program is called here: through the tool whose lock file lies at the top.
    pub fn python(&self, program: &str) -> String {
        let runner = [
            ("uv.lock", "uv run"),
            ("poetry.lock", "poetry run"),
            ("pdm.lock", "pdm run"),
            ("Pipfile.lock", "pipenv run"),
        ];
        let found = runner.iter().find(|(lock, _)| self.has(lock));
        found.map_or_else(
            || program.to_owned(),
            |(_, runner)| format!("{runner} {program}"),
        )
    }
}

/// Returns the last part of `path`.
pub fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Returns what stands after the last dot of `name`; the tools ask for it in small letters.
pub fn ending(name: &str) -> &str {
    name.rsplit_once('.').map_or("", |(_, ending)| ending)
}

/// Returns the directory of `path`, empty for the top.
pub fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(dir, _)| dir)
}

/// Joins two relative paths; `.` and the empty path are the directory itself.
pub fn join(dir: &str, path: &str) -> String {
    let path = path.trim_start_matches("./").trim_end_matches('/');
    match (dir, path) {
        ("" | ".", path) => path.to_owned(),
        (dir, "" | ".") => dir.to_owned(),
        (dir, path) => format!("{dir}/{path}"),
    }
}

/// Returns `dir` as a place to run in.
pub fn here(dir: &str) -> String {
    if dir.is_empty() {
        ".".to_owned()
    } else {
        dir.to_owned()
    }
}

/// Returns the value of `key` in lines of `key = value` or `key: value`, without quotes.
pub fn setting<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    text.lines().find_map(|line| {
        let rest = line.trim().strip_prefix(key)?.trim_start();
        let value = rest.strip_prefix(['=', ':'])?.trim();
        let value = value.split(" #").next().unwrap_or(value).trim();
        (!value.is_empty()).then(|| value.trim_matches(['"', '\'']))
    })
}
