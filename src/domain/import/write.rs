//! A plan as YAML that people read.

use std::collections::BTreeMap;

use crate::domain::import::ids::Ids;
use crate::domain::import::plan::{Action, Node, Phase, Plan, Step};
use crate::domain::import::timing;
use crate::domain::runbook::slug;
use crate::domain::runbook::yaml::scalar;

/// The longest that a dangerous imported step may take before it is stopped; the checks want a limit, nobody gave one.
const LIMIT: &str = "8h";

/// What is written above the runbook.
#[derive(Debug, Clone, Copy)]
pub struct Origin<'a> {
    /// The document's name.
    pub name: &'a str,
    /// Its SHA-256.
    pub digest: &'a str,
    /// Items that were ticked in it.
    pub ticked: usize,
    /// Whether a step asks a database.
    pub needs_database: bool,
}

struct Writer {
    out: String,
    ids: BTreeMap<usize, String>,
    /// What a decision against going on leads to.
    way_back: Option<String>,
    in_path: bool,
    no_return: bool,
}

/// Writes a plan; returns the YAML and the ids of its steps.
pub fn write(plan: &Plan, origin: &Origin) -> (String, BTreeMap<usize, String>) {
    let mut ids = Ids::default();
    let mut named = BTreeMap::new();
    plan.each_step(&mut |step| {
        named.insert(step.uid, ids.of(&step.title));
    });
    let mut writer = Writer {
        out: String::new(),
        ids: named,
        way_back: plan.paths.first().map(|p| p.name.clone()),
        in_path: false,
        no_return: false,
    };
    writer.head(plan, origin);
    writer.out.push_str("\nphases:\n");
    for phase in &plan.phases {
        writer.phase(phase);
    }
    if !plan.paths.is_empty() {
        writer.out.push_str("\nrollback:\n");
    }
    writer.in_path = true;
    for path in &plan.paths {
        writer.line(2, "- path", &path.name);
        writer.template(4, "title", &path.title);
        if !path.when.is_empty() {
            writer.out.push_str("    when:\n");
            for when in &path.when {
                writer
                    .out
                    .push_str(&format!("      - {}\n", scalar(when, 6)));
            }
        }
        writer.out.push_str("    steps:\n");
        writer.nodes(&path.nodes, 6);
    }
    if !plan.reference.is_empty() {
        writer.out.push('\n');
        writer.template(0, "reference", &paragraphs(&plan.reference));
    }
    (writer.out, writer.ids)
}

/// Joins parts of a text by empty lines.
fn paragraphs(parts: &[String]) -> String {
    let parts: Vec<&str> = parts
        .iter()
        .map(|p| p.trim_matches('\n'))
        .filter(|p| !p.trim().is_empty())
        .collect();
    format!("{}\n", parts.join("\n\n"))
}

/// What a template holds so that it says `text`.
fn escaped(text: &str) -> String {
    text.replace("${", "$${")
}

impl Writer {
    fn line(&mut self, indent: usize, key: &str, value: &str) {
        let pad = " ".repeat(indent);
        let deeper = if key.starts_with("- ") {
            indent + 2
        } else {
            indent
        };
        self.out
            .push_str(&format!("{pad}{key}: {}\n", scalar(value, deeper)));
    }

    fn template(&mut self, indent: usize, key: &str, value: &str) {
        self.line(indent, key, &escaped(value));
    }

    fn word(&mut self, indent: usize, text: &str) {
        self.out
            .push_str(&format!("{}{text}\n", " ".repeat(indent)));
    }

    fn head(&mut self, plan: &Plan, origin: &Origin) {
        let name: String = origin
            .name
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        self.word(
            0,
            &format!("# Imported from {name}, SHA-256 {}.", origin.digest),
        );
        self.word(
            0,
            "# Read it before it is run: nothing in it starts by itself.",
        );
        if origin.ticked > 0 {
            self.word(
                0,
                &format!(
                    "# {} items were ticked in the document; here nothing is done yet.",
                    origin.ticked
                ),
            );
        }
        self.word(0, "runbook: 1");
        self.line(0, "title", &plan.title);
        if !plan.about.is_empty() {
            self.template(0, "about", &paragraphs(&plan.about));
        }
        if !plan.parameters.is_empty() {
            self.word(0, "parameters:");
            for (name, placeholder) in &plan.parameters {
                self.word(2, &format!("{name}:"));
                self.template(4, "ask", placeholder);
            }
        }
        if origin.needs_database {
            self.word(0, "targets:");
            self.word(2, "production:");
            self.word(4, "database: ${DATABASE_URL}");
            self.word(4, "protect: true");
        }
        if !plan.roles.is_empty() {
            self.word(0, "roles:");
            for role in &plan.roles {
                self.word(2, &format!("- {}", scalar(role, 2)));
            }
        }
        if !plan.contacts.is_empty() {
            self.word(0, "contacts:");
            for (role, reach, purpose) in &plan.contacts {
                self.template(2, "- role", role);
                self.template(4, "reach", reach);
                if !purpose.is_empty() {
                    self.template(4, "for", purpose);
                }
            }
        }
    }

    fn phase(&mut self, phase: &Phase) {
        self.template(2, "- phase", &phase.title);
        if let Some(at) = phase.at {
            self.word(4, &format!("at: {}", timing::offset_text(at)));
        }
        self.word(4, "steps:");
        self.nodes(&phase.nodes, 6);
    }

    fn nodes(&mut self, nodes: &[Node], indent: usize) {
        for node in nodes {
            match node {
                Node::Step(step) => self.step(step, indent),
                Node::Group(group) => {
                    let title = if group.title.is_empty() {
                        "One of these"
                    } else {
                        &group.title
                    };
                    self.template(indent, "- group", title);
                    if group.one && group.nodes.len() > 1 {
                        self.word(indent + 2, "choose: one");
                    }
                    self.word(indent + 2, "steps:");
                    self.nodes(&group.nodes, indent + 4);
                }
            }
        }
    }

    fn step(&mut self, step: &Step, indent: usize) {
        let inner = indent + 2;
        self.template(indent, "- step", &step.title);
        if let Some(id) = self
            .ids
            .get(&step.uid)
            .filter(|id| slug(&escaped(&step.title)).as_ref() != Some(id))
            .cloned()
        {
            self.line(inner, "id", &id);
        }
        if let Some(note) = note_of(step) {
            self.template(inner, "note", &note);
        }
        self.action(step, inner);
        if let Some(takes) = &step.takes {
            self.word(inner, &format!("takes: {takes}"));
        }
        if step.evidence && matches!(step.action, Action::Confirm) {
            self.word(inner, "evidence: text");
        }
        let acts = !matches!(step.action, Action::Decide(_) | Action::Sign(_));
        if self.no_return && acts && !self.in_path {
            self.word(inner, "point_of_no_return: true");
            self.no_return = false;
        }
        if step.no_return && !self.in_path {
            if acts {
                self.word(inner, "point_of_no_return: true");
            } else {
                self.no_return = true;
            }
        }
    }

    fn action(&mut self, step: &Step, inner: usize) {
        match &step.action {
            Action::Confirm => self.line(inner, "confirm", confirmation(step)),
            Action::Sign(role) => self.line(inner, "sign", role),
            Action::Decide(choices) => self.decide(choices, inner),
            Action::Run(run) => {
                self.line(inner, "run", &run.script);
                if !run.shell.is_empty() {
                    self.line(inner, "shell", &run.shell);
                }
                self.fill(&run.fill, inner);
                self.word(inner, "manual: true");
                if run.interactive {
                    self.word(inner, "interactive: true");
                }
                if run.background {
                    self.word(inner, "background: until end of phase");
                }
                if run.danger {
                    self.word(inner, "danger: high");
                    if !run.interactive && !run.background {
                        self.word(inner, &format!("timeout: {LIMIT}"));
                    }
                }
            }
            Action::Sql(sql) => {
                self.line(inner, "sql", &sql.text);
                self.fill(&sql.fill, inner);
                if sql.alone {
                    self.word(inner, "transaction: false");
                }
                self.word(inner, "manual: true");
                if sql.danger {
                    self.word(inner, "danger: high");
                    self.word(inner, &format!("timeout: {LIMIT}"));
                }
            }
            Action::Http(http) => {
                self.word(inner, "http:");
                self.template(inner + 2, &http.method, &http.url);
                if !http.headers.is_empty() {
                    self.word(inner + 2, "headers:");
                    for (name, value) in &http.headers {
                        self.template(inner + 4, name, value);
                    }
                }
                if let Some(body) = &http.body {
                    self.template(inner + 2, "body", body);
                }
                self.word(inner, "manual: true");
                if http.method == "delete" {
                    self.word(inner, "danger: high");
                    self.word(inner, &format!("timeout: {LIMIT}"));
                }
            }
        }
    }

    fn fill(&mut self, fill: &[(String, String)], inner: usize) {
        if fill.is_empty() {
            return;
        }
        self.word(inner, "fill:");
        for (placeholder, name) in fill {
            let key = match scalar(placeholder, inner) {
                plain if plain == *placeholder => format!("'{placeholder}'"),
                quoted => quoted,
            };
            self.word(inner + 2, &format!("{key}: {name}"));
        }
    }

    fn decide(&mut self, choices: &[String], inner: usize) {
        self.word(inner, "decide:");
        if !choices.is_empty() {
            for choice in choices {
                self.template(inner + 2, "- choice", choice);
            }
            return;
        }
        self.word(inner + 2, "- choice: Go on");
        if let Some(path) = self.way_back.clone().filter(|_| !self.in_path) {
            self.word(inner + 2, "- choice: Do not go on");
            self.word(inner + 4, &format!("go_to: {path}"));
        } else {
            self.word(inner + 2, "- choice: Do not go on");
            self.word(
                inner + 4,
                "when: Then start nothing more, and end the run (key C).",
            );
        }
    }
}

/// What is confirmed of a step by hand: the document only names it.
pub const CONFIRMED: [&str; 3] = [
    "It is done as written.",
    "It is done, and what was found is written down.",
    "The command was run, and its output is as it should be.",
];

/// Returns what is confirmed of `step`.
fn confirmation(step: &Step) -> &'static str {
    let [done, told, ran] = CONFIRMED;
    let code = step
        .title
        .strip_prefix('`')
        .and_then(|t| t.strip_suffix('`'));
    if step.evidence {
        told
    } else if code.is_some_and(|code| !code.contains('`')) {
        ran
    } else {
        done
    }
}

/// Returns the note of a step as it is written.
pub fn note_of(step: &Step) -> Option<String> {
    step.note
        .iter()
        .any(|n| !n.trim().is_empty())
        .then(|| paragraphs(&step.note))
}

/// Counts steps that a program does.
pub fn automated(plan: &Plan) -> usize {
    let mut n = 0;
    plan.each_step(&mut |step| {
        n += usize::from(!matches!(
            step.action,
            Action::Confirm | Action::Decide(_) | Action::Sign(_)
        ));
    });
    n
}
