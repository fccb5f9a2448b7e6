//! Markdown as a tree of blocks that know their lines. The parser stays behind this module.

use comrak::nodes::{AstNode, ListType, NodeValue};
use comrak::{Arena, Options, parse_document};

/// Blocks nested deeper are kept as text.
const DEEPEST: usize = 24;

/// A block and the lines it stands in.
#[derive(Debug, Clone)]
pub struct Block {
    /// First and last line, counted from one.
    pub lines: (usize, usize),
    /// The column it begins in, counted from zero.
    pub column: usize,
    /// What it is.
    pub kind: Kind,
}

/// What a block is.
#[derive(Debug, Clone)]
pub enum Kind {
    /// A heading.
    Heading {
        /// 1 to 6; 7 for what only looks like one.
        level: u8,
        /// Its text.
        text: Inline,
    },
    /// A paragraph.
    Paragraph(Inline),
    /// A list.
    List(List),
    /// A fenced or indented block.
    Code(Code),
    /// A quotation or alert.
    Quote(Vec<Block>),
    /// A table: its header and rows with their lines.
    Table {
        /// The header's cells.
        header: Vec<String>,
        /// The rows: line and cells.
        rows: Vec<(usize, Vec<String>)>,
    },
    /// HTML.
    Html(String),
    /// A line across.
    Rule,
    /// Anything else.
    Other,
}

/// A list.
#[derive(Debug, Clone)]
pub struct List {
    /// Whether it is numbered.
    pub ordered: bool,
    /// Its first number.
    pub start: usize,
    /// Its items.
    pub items: Vec<Item>,
}

/// An item of a list.
#[derive(Debug, Clone)]
pub struct Item {
    /// First and last line.
    pub lines: (usize, usize),
    /// What is in it.
    pub blocks: Vec<Block>,
}

/// A block of code.
#[derive(Debug, Clone, Default)]
pub struct Code {
    /// The whole info string.
    pub info: String,
    /// The text, byte for byte.
    pub text: String,
    /// Whether it stands between fences.
    pub fenced: bool,
    /// Whether its fence is closed.
    pub closed: bool,
}

/// A text with its marks taken off.
#[derive(Debug, Clone, Default)]
pub struct Inline {
    /// Its lines.
    pub lines: Vec<String>,
    /// The links and images in it, as markdown.
    pub links: Vec<String>,
    /// Whether all of it is bold.
    pub bold: bool,
    /// Comments in it.
    pub comments: Vec<String>,
    /// Whether all of it is links within the document.
    pub anchors: bool,
}

impl Inline {
    /// Returns the text on one line.
    pub fn plain(&self) -> String {
        let text = self.lines.join(" ");
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

/// Reads markdown: `CommonMark` with GFM's tables, strikethrough, autolinks, alerts and footnotes.
pub fn parse(text: &str) -> Vec<Block> {
    let mut options = Options::default();
    options.extension.table = true;
    options.extension.strikethrough = true;
    options.extension.autolink = true;
    options.extension.alerts = true;
    let arena = Arena::new();
    let root = parse_document(&arena, text, &options);
    root.children().map(|node| block(node, 0)).collect()
}

fn block<'a>(node: &'a AstNode<'a>, depth: usize) -> Block {
    let data = node.data();
    let at = data.sourcepos;
    let kind = if depth > DEEPEST {
        Kind::Other
    } else {
        kind(node, &data.value, depth)
    };
    let first = at.start.line.max(1);
    Block {
        lines: (first, at.end.line.max(first)),
        column: at.start.column.saturating_sub(1),
        kind,
    }
}

fn kind<'a>(node: &'a AstNode<'a>, value: &NodeValue, depth: usize) -> Kind {
    let inner = || {
        node.children()
            .map(|child| block(child, depth + 1))
            .collect()
    };
    match value {
        NodeValue::Heading(heading) => Kind::Heading {
            level: heading.level,
            text: inline(node),
        },
        NodeValue::Paragraph => Kind::Paragraph(inline(node)),
        NodeValue::List(list) => Kind::List(List {
            ordered: list.list_type == ListType::Ordered,
            start: list.start,
            items: node.children().map(|child| item(child, depth)).collect(),
        }),
        NodeValue::CodeBlock(code) => Kind::Code(Code {
            info: code.info.clone(),
            text: code.literal.clone(),
            fenced: code.fenced,
            closed: code.closed || !code.fenced,
        }),
        NodeValue::BlockQuote | NodeValue::Alert(_) => Kind::Quote(inner()),
        NodeValue::Table(_) => table(node),
        NodeValue::HtmlBlock(html) => Kind::Html(html.literal.clone()),
        NodeValue::ThematicBreak => Kind::Rule,
        _ => Kind::Other,
    }
}

fn item<'a>(node: &'a AstNode<'a>, depth: usize) -> Item {
    let at = node.data().sourcepos;
    let first = at.start.line.max(1);
    Item {
        lines: (first, at.end.line.max(first)),
        blocks: node
            .children()
            .map(|child| block(child, depth + 1))
            .collect(),
    }
}

fn table<'a>(node: &'a AstNode<'a>) -> Kind {
    let mut rows = node.children().map(|row| {
        let line = row.data().sourcepos.start.line;
        let cells = row.children().map(|cell| inline(cell).plain()).collect();
        (line, cells)
    });
    let header: Vec<String> = rows
        .next()
        .map(|(_, cells): (usize, Vec<String>)| cells)
        .unwrap_or_default();
    Kind::Table {
        header,
        rows: rows.collect(),
    }
}

fn inline<'a>(node: &'a AstNode<'a>) -> Inline {
    let mut text = Inline::default();
    let mut line = String::new();
    let mut bold = 0;
    let mut others = 0;
    let mut anchors = 0;
    for child in node.children() {
        match &child.data().value {
            NodeValue::Strong => bold += 1,
            NodeValue::Text(t) if t.trim().trim_matches([':', '：']).is_empty() => {}
            NodeValue::Link(link) if link.url.starts_with('#') => {
                anchors += 1;
                others += 1;
            }
            NodeValue::SoftBreak | NodeValue::LineBreak => others += 1,
            _ => {
                others += 1;
                anchors -= 1000;
            }
        }
        spell(child, &mut line, &mut text, 0);
    }
    text.lines.push(line);
    text.bold = bold == 1 && others == 0;
    text.anchors = anchors > 0;
    text
}

/// Writes the plain text of an inline node.
fn spell<'a>(node: &'a AstNode<'a>, line: &mut String, text: &mut Inline, depth: usize) {
    let data = node.data();
    match &data.value {
        NodeValue::Text(t) => line.push_str(t),
        NodeValue::Code(code) => {
            let ticks = "`".repeat(code.num_backticks.max(1));
            let pad = if code.literal.starts_with('`') || code.literal.ends_with('`') {
                " "
            } else {
                ""
            };
            line.extend([&ticks, pad, &code.literal, pad, &ticks]);
        }
        NodeValue::SoftBreak | NodeValue::LineBreak => text.lines.push(std::mem::take(line)),
        NodeValue::HtmlInline(html) => html_inline(html, line, text),
        NodeValue::Raw(raw) => line.push_str(raw),
        NodeValue::FootnoteReference(note) => line.extend(["[^", &note.name, "]"]),
        _ if depth > DEEPEST => {}
        NodeValue::Link(link) => {
            let label = label(node, text, depth);
            if link.url != label
                && link.url.strip_prefix("mailto:") != Some(&label)
                && !link.url.ends_with(&format!("://{label}"))
            {
                text.links.push(format!("[{label}]({})", link.url));
            }
            line.push_str(&label);
        }
        NodeValue::Image(link) => {
            let label = label(node, text, depth);
            text.links.push(format!("![{label}]({})", link.url));
            line.push_str(&label);
        }
        NodeValue::Strikethrough => {
            line.push_str("~~");
            inner(node, line, text, depth);
            line.push_str("~~");
        }
        _ => inner(node, line, text, depth),
    }
}

/// The label of a link, on one line.
fn label<'a>(node: &'a AstNode<'a>, text: &mut Inline, depth: usize) -> String {
    let mut own = Inline::default();
    let mut line = String::new();
    inner(node, &mut line, &mut own, depth);
    own.lines.push(line);
    text.links.append(&mut own.links);
    text.comments.append(&mut own.comments);
    own.plain()
}

fn inner<'a>(node: &'a AstNode<'a>, line: &mut String, text: &mut Inline, depth: usize) {
    for child in node.children() {
        spell(child, line, text, depth + 1);
    }
}

/// Tags that only dress a text.
const DRESS: &[&str] = &[
    "a", "b", "i", "u", "s", "em", "strong", "kbd", "sub", "sup", "span", "code", "font", "small",
    "big", "mark", "del", "ins", "center", "div", "p", "img", "input", "label", "details",
    "summary", "tt", "var", "samp", "wbr", "ul", "ol", "li", "table", "tr", "td", "th", "tbody",
    "thead",
];

fn html_inline(html: &str, line: &mut String, text: &mut Inline) {
    let name: String = html
        .trim_start_matches(['<', '/'])
        .chars()
        .take_while(char::is_ascii_alphanumeric)
        .collect();
    let name = name.to_lowercase();
    if html.starts_with("<!--") {
        text.comments.push(html.to_owned());
    } else if name == "br" {
        line.push(' ');
    } else if !DRESS.contains(&name.as_str()) || ["<table>", "<label>", "<var>"].contains(&html) {
        // What is no tag of HTML is somebody's placeholder.
        line.push_str(html);
    }
}
