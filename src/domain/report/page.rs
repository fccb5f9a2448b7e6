//! Lines, tables and paragraphs of a page.

/// A markdown page as it grows.
#[derive(Debug, Default)]
pub struct Page {
    text: String,
}

impl Page {
    /// Adds one line.
    pub fn line(&mut self, text: impl AsRef<str>) {
        self.text.push_str(text.as_ref().trim_end());
        self.text.push('\n');
    }

    /// Adds a headline of this depth with an empty line before it (where something stands before) and after it.
    pub fn head(&mut self, depth: usize, text: impl AsRef<str>) {
        if !self.text.is_empty() {
            self.gap();
        }
        self.line(format!("{} {}", "#".repeat(depth), text.as_ref()));
        self.gap();
    }

    /// Adds an empty line, unless there is one.
    pub fn gap(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    /// Adds a paragraph.
    pub fn say(&mut self, text: impl AsRef<str>) {
        self.gap();
        self.line(text);
        self.gap();
    }

    /// Adds a block that is already made, line end included.
    pub fn block(&mut self, text: &str) {
        self.gap();
        self.text.push_str(text);
        self.gap();
    }

    /// Adds a table; cells are markdown already.
    pub fn table<const N: usize>(&mut self, heads: [&str; N], rows: &[[String; N]]) {
        self.gap();
        self.row(heads.map(str::to_owned).as_slice());
        self.line(format!("|{}", "---|".repeat(N)));
        for row in rows {
            self.row(row);
        }
        self.gap();
    }

    fn row(&mut self, cells: &[String]) {
        let mut line = "|".to_owned();
        for cell in cells {
            line.push(' ');
            if !cell.is_empty() {
                line.push_str(cell);
                line.push(' ');
            }
            line.push('|');
        }
        self.line(line);
    }

    /// Returns the page, with one line end at its end.
    pub fn finish(self) -> String {
        format!("{}\n", self.text.trim_end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_stand_one_empty_line_apart() {
        let mut page = Page::default();
        page.head(1, "T");
        page.say("a");
        page.table(["x", ""], &[["1".into(), String::new()]]);
        page.head(2, "U");
        page.block("```\n```\n");
        assert_eq!(
            page.finish(),
            "# T\n\na\n\n| x | |\n|---|---|\n| 1 | |\n\n## U\n\n```\n```\n"
        );
    }
}
