//! What YAML itself does not allow.

use crate::domain::runbook::tests::told;

#[test]
fn a_tab_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
phases:
	- phase: a
"
        ),
        ["4:1 ` ` a tab stands where YAML wants spaces (indent with spaces, two for each level)",]
    );
}

#[test]
fn a_colon_in_a_text_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
phases:
- phase: a
  steps:
  - step: b
    confirm: Note: the team knows
"
        ),
        ["7:18 `:` a second `: ` on this line (put the text in quotes: 'like: this')",]
    );
}

#[test]
fn a_bare_comparison_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
phases:
- phase: a
  steps:
  - step: b
    run: c
    expect: >= 11
"
        ),
        [
            "8:13 `>` a bare `>` or `|` at the start of a value begins a block of text (put the comparison in quotes: '>= 11')",
        ]
    );
}

#[test]
fn several_at_once_are_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
phases:
- phase: a
  steps:
  - step: b
    run: c
    expect: >= 11
    note: @you
    timout: 3m
"
        ),
        [
            "8:13 `>` a bare `>` or `|` at the start of a value begins a block of text (put the comparison in quotes: '>= 11')",
            "9:11 `@` a value cannot begin with `@` (put the text in quotes)",
            "10:5 `timout` a step has no key `timout` (did you mean `timeout`?)",
        ]
    );
}

#[test]
fn a_bare_inequality_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
phases:
- phase: a
  steps:
  - step: b
    run: c
    expect: != off
"
        ),
        [
            "8:13 `!=` `!=` is a YAML tag, which a runbook has no use for (a text that begins with `!` stands in quotes: '!= off')",
        ]
    );
}

#[test]
fn an_open_quote_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
phases:
- phase: a
  steps:
  - step: b
    run: 'c
    timeout: 3m
"
        ),
        [
            "7:10 `'` this quote is not closed (inside single quotes a quote is written twice: 'it''s')",
        ]
    );
}

#[test]
fn a_second_document_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
phases: [{phase: a, steps: [{step: b, run: c}]}]
---
x: y
"
        ),
        [
            "4:1 `---` a second document begins here (a runbook is one document: take out the `---` or `...`)",
        ]
    );
}

#[test]
fn an_empty_file_is_refused() {
    assert_eq!(
        told(""),
        [
            "1:1 `` the file is empty: there is no runbook in it (it begins with `runbook: 1`, `title: …` and `phases:`)",
        ]
    );
}

#[test]
fn a_file_of_comments_is_refused() {
    assert_eq!(
        told(
            "# nothing yet
"
        ),
        [
            "1:1 `#` the file is empty: there is no runbook in it (it begins with `runbook: 1`, `title: …` and `phases:`)",
        ]
    );
}

#[test]
fn a_map_in_braces_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
phases:
- phase: a
  steps:
  - step: b
    confirm: {{ release }}
"
        ),
        ["7:14 `{` a text is expected here, not a map (a variable is written `${name}`)",]
    );
}
