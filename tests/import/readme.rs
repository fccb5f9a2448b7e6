//! What the README says of importing is true: its three examples, and what it says that is not done.

use crate::imported;

const README: &str = include_str!("../../README.md");

/// The documents of the README's table, row by row.
const EXAMPLES: [&str; 3] = [
    "# A\n\n## B\n\n- [ ] Migrate (~10 min)\n\n  ```bash\n  alembic upgrade <revision>\n  ```\n",
    "# A\n\n## B\n\n- [ ] go\n\n> STOP if the lag grows\n\n## Rollback (T+1h)\n\n1. back\n",
    "# A\n\n## B\n\n- [ ] go\n\n## Freigabe\n\n| Role | Name | Signature |\n|---|---|---|\n| DBA | | |\n",
];

/// The pieces of code in a text.
fn code(text: &str) -> Vec<String> {
    let parts = text.split('`').skip(1).step_by(2);
    parts.map(str::to_owned).collect()
}

/// Words alone: what only lays YAML and tables out is left away.
fn words(text: &str) -> String {
    let bare = text.replace(['{', '}', '|', ','], " ");
    bare.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_examples_of_the_readme_are_imported_as_it_says() {
    let section = README.split("## Importing a checklist").nth(1).unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| "));
    let rows: Vec<&str> = rows.skip(1).take(EXAMPLES.len()).collect();
    assert_eq!(rows.len(), EXAMPLES.len());
    for (row, document) in rows.iter().zip(EXAMPLES) {
        let (before, after) = row.trim_matches('|').split_once(" | ").unwrap();
        for said in code(before) {
            assert!(
                words(document).contains(&words(&said)),
                "{said}\n{document}"
            );
        }
        let yaml = imported(document).yaml;
        assert!(!code(after).is_empty());
        for said in code(after) {
            assert!(words(&yaml).contains(&words(&said)), "{said}\n{yaml}");
        }
    }
}

#[test]
fn what_is_not_done_is_said() {
    for (document, said) in [
        (
            "- [ ] a\n{% if x %}\n- [ ] b\n{% endif %}\n",
            "nothing is evaluated",
        ),
        (
            "- [ ] a\n\n## Troubleshooting\n\n```sh\nls\n```\n",
            "text, in `reference`",
        ),
        ("- [x] a\n", "imported as not done"),
        ("- [ ] a\n\n```sh\nls\n", "never shut"),
        ("- [ ] caf\u{c3}\u{a9}\n", "encoding"),
        ("- [ ] a\n\n<ul>\n<li>b</li>\n</ul>\n", "a list in HTML"),
        (
            "1. a\n   ```sh\n   cd /srv\n   ```\n2. b\n   ```sh\n   ls\n   ```\n",
            "a shell of its own",
        ),
    ] {
        let told = imported(document);
        let report = told.account.report("a.md", &told.digest);
        assert!(report.contains(said), "{said}\n{report}");
    }
}
