use super::*;
use crate::domain::report::everywhere;
use crate::domain::report::fixture::{Run, book};
use crate::domain::report::hostile::HOSTILE;
use crate::domain::report::scan::Scan;
use crate::domain::run::event::Status;

fn drawn(book: &Runbook, run: &Run, log: &str) -> String {
    let made = Made {
        book,
        journal: &run.bytes,
        log,
        seen: &[],
    };
    page(&made, &|path| run.files.get(path).map(|b| Scan::of(b))).unwrap()
}

/// Every tag of a page with its attributes' names, in order: what is not text.
fn tags(page: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut rest = page.split_once("</style>").unwrap().1;
    while let Some((_, after)) = rest.split_once('<') {
        let (tag, behind) = after.split_once('>').unwrap();
        // No value holds a mark, so what stands between quotes can be left out.
        let names: Vec<&str> = tag.split('"').step_by(2).collect();
        all.push(names.concat());
        rest = behind;
    }
    all
}

#[test]
fn hostile_texts_are_nothing_but_text() {
    let whole = |text: &str| {
        let (book, run) = everywhere::run(text);
        let log = run.log(&book);
        drawn(&book, &run, &log)
    };
    let plain = tags(&whole("word"));
    assert!(plain.len() > 300, "{}", plain.len());
    for text in HOSTILE.iter().filter(|t| !t.trim().is_empty()) {
        let page = whole(text);
        let same_kinds = |tag: &String| !tag.starts_with("pre") && !tag.starts_with("/pre");
        assert!(
            tags(&page).iter().all(|tag| plain.contains(tag)),
            "{text:?}: {:?}",
            tags(&page).iter().find(|tag| !plain.contains(tag))
        );
        let counted = |page: &str| tags(page).iter().filter(|t| same_kinds(t)).count();
        assert_eq!(counted(&page), counted(&whole("word")), "{text:?}");
        assert!(
            !page.chars().any(|c| c != '\n' && tame::is_hidden(None, c)),
            "{text:?}"
        );
    }
}

#[test]
fn html_and_links_that_were_put_into_a_log_are_text() {
    let mut run = Run::opened();
    run.closed(Status::Success);
    let log = "# T\n\n<script>alert(1)</script>\n\n<b onclick=\"x\">b</b> [a](javascript:alert) ![i](http://x/i.png)\n";
    let page = drawn(&book("m"), &run, log);
    let body = page.split_once("<main").unwrap().1;
    assert!(
        body.contains("&lt;script&gt;alert(1)&lt;/script&gt;"),
        "{body}"
    );
    for bad in ["<script", "<b ", "<a ", "<img", "href", "src="] {
        assert!(!body.contains(bad), "{bad}: {body}");
    }
}

#[test]
fn the_page_says_what_it_is_and_lets_nothing_in() {
    let mut run = Run::opened();
    run.closed(Status::RolledBack);
    let book = book("rm");
    let page = drawn(&book, &run, &run.log(&book));
    assert!(page.contains("The signed record is <code>log.md</code>, not this page."));
    assert!(page.contains("<p class=\"status rolled-back\">ROLLED BACK</p>"));
    assert!(page.contains("default-src 'none'; style-src 'sha256-"));
    assert!(!page.contains(" style=") && !page.contains("url("));
}
