//! What a key is: its name, what may stand behind it, what it is for.

/// What may stand behind a key.
#[derive(Debug, Clone, Copy)]
pub enum Shape {
    /// The number 1.
    Version,
    /// A text.
    Text,
    /// `true` or `false`.
    Flag,
    /// A whole number.
    Count,
    /// `90m`
    Duration,
    /// `90m`, or `${name}` of a parameter or target's value.
    Length,
    /// `T-30m`
    Offset,
    /// A regular expression.
    Pattern,
    /// One of some words.
    Word(&'static [&'static str]),
    /// A list of texts.
    Texts,
    /// A list of texts, numbers, `true` or `false`.
    ValueList,
    /// A map with the keys of a table.
    Map(&'static Table),
    /// A list of texts or of such maps.
    Roles(&'static Table),
    /// A list of such maps.
    List(&'static Table),
    /// A map from names of one's own to such maps.
    Named(&'static Table),
    /// A map from names of one's own to texts, numbers, `true` or `false`.
    Values,
    /// A map from names of one's own to regular expressions, or a list of the names that a script writes.
    Captures,
    /// A comparison or regular expression as text or number, or a map with the keys of [`EXPECT`](super::EXPECT).
    Expect,
    /// A comparison or regular expression as text or number.
    Test,
    /// A map from JSON pointers to tests.
    Tests,
    /// A list of steps and groups.
    Items,
    /// A statement, or `{file: …}`.
    Sql,
    /// The name of a ready check.
    Check,
    /// A map from names to texts, numbers or lists of them.
    Arguments,
}

/// A key.
#[derive(Debug)]
pub struct Key {
    /// How it is spelled.
    pub name: &'static str,
    /// What may stand behind it.
    pub shape: Shape,
    /// What it is for.
    pub about: &'static str,
}

/// The keys of one kind of map.
#[derive(Debug)]
pub struct Table {
    /// What the map is, with its article.
    pub name: &'static str,
    /// Its keys.
    pub keys: &'static [Key],
    /// Those that must be there.
    pub required: &'static [&'static str],
    /// Those of which exactly one must be there; empty: no such rule.
    pub one_of: &'static [&'static str],
}

/// Makes a key.
pub const fn key(name: &'static str, shape: Shape, about: &'static str) -> Key {
    Key { name, shape, about }
}

impl Table {
    /// Returns the key called `name`.
    pub fn get(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }

    /// Returns the names of its keys.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + Clone {
        self.keys.iter().map(|key| key.name)
    }
}
