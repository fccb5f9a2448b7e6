//! The log's markdown as HTML. A log holds no links, images or HTML; where one was put into it, it is shown as text.

use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, TagEnd, html};

use crate::domain::tame;

/// Returns the log as HTML.
pub fn html(log: &str) -> String {
    let tamed: Vec<String> = log.lines().map(tame::line).collect();
    let text = tamed.join("\n") + "\n";
    let marks = Parser::new_ext(&text, Options::ENABLE_TABLES).flat_map(harmless);
    let mut page = String::with_capacity(text.len() * 2);
    html::push_html(&mut page, marks);
    page
}

/// Leaves what a log is made of; of links and images only their text, and HTML as it is written.
fn harmless(mark: Event) -> Vec<Event> {
    let wide = |tag: &'static str| Event::Html(CowStr::Borrowed(tag));
    match mark {
        Event::Html(text) | Event::InlineHtml(text) => vec![Event::Text(text)],
        Event::Start(Tag::Link { .. } | Tag::Image { .. } | Tag::HtmlBlock)
        | Event::End(TagEnd::Link | TagEnd::Image | TagEnd::HtmlBlock) => Vec::new(),
        // A table is wider than a phone: it scrolls by itself.
        Event::Start(Tag::Table(_)) => vec![
            wide("<div class=\"wide\">"),
            Event::Start(Tag::Table(Vec::new())),
        ],
        Event::End(TagEnd::Table) => vec![Event::End(TagEnd::Table), wide("</div>\n")],
        other => vec![other],
    }
}
