//! Every key of the format, once: the reader refuses what is not in these tables, the schema is made of them.

mod shape;
pub use shape::{Key, Shape, Table};

use shape::key;

/// The actions that this version has.
pub const ACTIONS: &[&str] = &["confirm", "run", "check", "sql", "http", "watch", "decide", "sign", "use"];

/// The file.
pub static ROOT: Table = Table {
    name: "a runbook",
    required: &["runbook", "title", "phases"],
    one_of: &[],
    keys: &[
        key("runbook", Shape::Version, "The version of the format: 1."),
        key("title", Shape::Text, "The headline of screen and log."),
        key("about", Shape::Text, "What it is for, as markdown."),
        key("parameters", Shape::Named(&PARAMETER), "Values asked for at the start, or given by --set name=value."),
        key("secrets", Shape::Texts, "Environment variables and captured values that are never shown."),
        key("targets", Shape::Named(&TARGET), "Where it may run, chosen by --target; the first is the default."),
        key("window", Shape::Map(&WINDOW), "The change window, counted from the planned start."),
        key("roles", Shape::Roles(&ROLE), "Who signs off: roles, or `{role: …, means: …}` with what their signature means."),
        key("witness", Shape::Map(&WITNESS), "Who is told the journal's head while the run goes on, so that nobody can rewrite it later."),
        key("contacts", Shape::List(&CONTACT), "Whom to call."),
        key("monitor", Shape::Map(&MONITOR), "What is watched beside the steps."),
        key("phases", Shape::List(&PHASE), "The way forward, in order."),
        key("rollback", Shape::List(&PATH), "The ways back."),
        key("reference", Shape::Text, "More to read, as markdown; never a step."),
    ],
};

/// `parameters: {name: …}`
pub static PARAMETER: Table = Table {
    name: "a parameter",
    required: &[],
    one_of: &[],
    keys: &[
        key("ask", Shape::Text, "The question put to the operator."),
        key("default", Shape::Test, "Taken when nothing is given; may hold ${…}."),
        key("matches", Shape::Pattern, "A regular expression that the whole value must match."),
        key("one_of", Shape::ValueList, "The values to choose from."),
    ],
};

/// `targets: {name: …}`
pub static TARGET: Table = Table {
    name: "a target",
    required: &[],
    one_of: &[],
    keys: &[
        key("database", Shape::Text, "Connection URL or libpq-style string; may hold ${…}."),
        key("databases", Shape::Values, "Further databases by name, for `on`."),
        key("protect", Shape::Flag, "Whether dangerous steps ask for the target's name to be typed."),
        key("reviewed", Shape::Flag, "Whether the runbook must be as a reviewer signed it (`holdpoint approve`)."),
        key("must_be", Shape::Map(&IDENTITY), "What the server must be, before the first step and on every resume."),
        key("values", Shape::Values, "Further values usable as ${name} on this target."),
    ],
};

/// `must_be: …`
pub static IDENTITY: Table = Table {
    name: "`must_be`",
    required: &[],
    one_of: &[],
    keys: &[
        key("database", Shape::Text, "The database's name, exactly."),
        key("role", Shape::Word(&["primary", "standby"]), "The server's part in replication."),
        key("version", Shape::Test, "A comparison over the server's version: '>= 11'."),
        key("host", Shape::Text, "The host, exactly as connected to."),
        key("system_identifier", Shape::Test, "PostgreSQL's system identifier."),
    ],
};

/// `window: …`
pub static WINDOW: Table = Table {
    name: "`window`",
    required: &["length"],
    one_of: &[],
    keys: &[
        key("length", Shape::Duration, "From the planned start to the end."),
        key("decide_by", Shape::Offset, "When going on or back must be decided."),
    ],
};

/// `roles: [{…}]`
pub static ROLE: Table = Table {
    name: "a role",
    required: &["role"],
    one_of: &[],
    keys: &[
        key("role", Shape::Text, "Its name."),
        key("means", Shape::Text, "What approving means, as it stands above the signature: `I ran the smoke test and accept the result`."),
    ],
};

/// `witness: …`
pub static WITNESS: Table = Table {
    name: "`witness`",
    required: &["run"],
    one_of: &[],
    keys: &[
        key("run", Shape::Text, "A shell script; `holdpoint-head RUN SEQ HASH` stands on its standard input. Its answer goes into the record."),
        key("timeout", Shape::Duration, "After what time it is stopped; 10s where nothing is said. The run never waits for it."),
        key("agent", Shape::Flag, "Whether it may use the operator's ssh-agent, for `git push` over ssh."),
    ],
};

/// `contacts: [...]`
pub static CONTACT: Table = Table {
    name: "a contact",
    required: &["role", "reach"],
    one_of: &[],
    keys: &[
        key("role", Shape::Text, "What they are."),
        key("reach", Shape::Text, "How to reach them."),
        key("for", Shape::Text, "What for."),
    ],
};

/// `monitor: …`
pub static MONITOR: Table = Table {
    name: "`monitor`",
    required: &[],
    one_of: &[],
    keys: &[
        key("every", Shape::Duration, "Time between two samples; 1s where nothing is said."),
        key("alarms", Shape::List(&ALARM), "What is worth an alarm."),
        key("values", Shape::List(&OWN_VALUE), "Metrics of one's own."),
    ],
};

/// `alarms: [...]`
pub static ALARM: Table = Table {
    name: "an alarm",
    required: &["when"],
    one_of: &[],
    keys: &[
        key("when", Shape::Text, "METRIC OPERATOR VALUE [for DURATION], as `blocked >= 5 for 10s`."),
        key("level", Shape::Word(&["warning", "critical"]), "How bad it is; warning where nothing is said."),
        key("then", Shape::Word(&["show", "hold", "cancel"]), "What happens then; show where nothing is said."),
    ],
};

/// `values: [...]` of the monitor
pub static OWN_VALUE: Table = Table {
    name: "a monitored value",
    required: &["name", "sql"],
    one_of: &[],
    keys: &[
        key("name", Shape::Text, "Its name in alarms and on its panel."),
        key("sql", Shape::Text, "A query whose first column of the first row is the value."),
        key("every", Shape::Duration, "Time between two questions; 5s where nothing is said."),
    ],
};

/// `phases: [...]`
pub static PHASE: Table = Table {
    name: "a phase",
    required: &["phase", "steps"],
    one_of: &[],
    keys: &[
        key("phase", Shape::Text, "Its headline."),
        key("at", Shape::Offset, "When it is planned to begin; a later duty begins no sooner."),
        key("later", Shape::Offset, "It is done after the run was closed and its log signed, and due until then: T+7d."),
        key("steps", Shape::Items, "What is to be done, in order."),
    ],
};

/// `rollback: [...]`
pub static PATH: Table = Table {
    name: "a rollback path",
    required: &["path", "steps"],
    one_of: &[],
    keys: &[
        key("path", Shape::Text, "Its name, as `offer NAME` and `go_to: NAME` say it."),
        key("title", Shape::Text, "Its headline; its name where nothing is said."),
        key("when", Shape::Texts, "When to take it."),
        key("steps", Shape::Items, "What is to be done, in order."),
    ],
};

/// An item of `steps` with `group`
pub static GROUP: Table = Table {
    name: "a group",
    required: &["group", "steps"],
    one_of: &[],
    keys: &[
        key("group", Shape::Text, "Its headline."),
        key("choose", Shape::Word(&["all", "one"]), "Whether all are done, in order, or one; all where nothing is said."),
        key("steps", Shape::Items, "What is in it, in order."),
    ],
};

/// An item of `steps` with `step`
pub static STEP: Table = Table {
    name: "a step",
    required: &["step"],
    one_of: ACTIONS,
    keys: &[
        key("step", Shape::Text, "What the operator reads."),
        key("id", Shape::Text, "Its name; made from the title where none is given."),
        key("note", Shape::Text, "More to read, as markdown."),
        // The actions: exactly one.
        key("confirm", Shape::Text, "A person does it, and says so: what confirming means, as markdown."),
        key("run", Shape::Text, "A shell command that changes something; nothing is pasted into it."),
        key("check", Shape::Text, "A shell command that only looks: safe to repeat; exit 2 is a warning."),
        key("sql", Shape::Sql, "A statement or several, or {file: …}."),
        key("http", Shape::Map(&HTTP), "A request."),
        key("watch", Shape::Map(&WATCH), "Time passes while the alarms are judged."),
        key("decide", Shape::List(&CHOICE), "A person chooses the way."),
        key("sign", Shape::Text, "A role signs now, with its own key: one of `roles`. What it signs is the record so far."),
        key("use", Shape::Check, "A ready check by name: `holdpoint checks` lists and explains them."),
        // Of every step.
        key("danger", Shape::Word(&["none", "high"]), "Whether it can do harm: high waits for a key, or for the typed name of a protected target."),
        key("timeout", Shape::Length, "Stops it."),
        key("takes", Shape::Length, "How long it usually takes; only warns."),
        key("expect", Shape::Expect, "What must be seen for it to have succeeded."),
        key("capture", Shape::Captures, "Values read from its output, by regular expressions."),
        key("on_failure", Shape::Text, "hold (where nothing is said), continue, or offer PATH."),
        key("retry", Shape::Map(&RETRY), "Repeating it when it failed."),
        key("until", Shape::Length, "Polled until it holds, or this much time has passed; for what only looks."),
        key("only", Shape::Texts, "The targets it is for."),
        key("if", Shape::Values, "Parameters, and the values they must have."),
        key("role", Shape::Text, "Who may confirm it: one of `roles`."),
        key("not_before", Shape::Offset, "It does not start before this."),
        key("manual", Shape::Flag, "Whether it waits for a key although it is automated."),
        key("point_of_no_return", Shape::Flag, "Whether going back needs a typed override from its start on."),
        key("critical", Shape::Flag, "Whether it may never be skipped."),
        key("verify", Shape::Map(&PROBE), "A read-only question that tells whether it took effect."),
        key("undoes", Shape::Text, "In a rollback path: it applies only when that step was started."),
        key("evidence", Shape::Word(&["none", "text", "link", "file", "show"]), "What the log is to show of it."),
        key("sessions", Shape::Map(&SESSIONS), "How to find its sessions where its tool ignores PGAPPNAME."),
        // Of `confirm`.
        key("items", Shape::Texts, "Boxes to be ticked before it can be confirmed."),
        // Of `run`, `check` and `sql`.
        key("fill", Shape::Values, "Placeholders in the block, and the parameters that stand for them: {'<host>': host}."),
        // Of `run` and `check`.
        key("shell", Shape::Text, "The shell and its arguments; bash -euo pipefail -c where nothing is said."),
        key("in", Shape::Text, "Working directory, relative to the runbook's file."),
        key("env", Shape::Values, "Further environment."),
        key("interactive", Shape::Flag, "Whether it gets the whole terminal."),
        key("agent", Shape::Flag, "Whether it may use the operator's ssh-agent."),
        key("stop", Shape::Word(&["term", "int"]), "The first signal when it is cancelled; term where nothing is said."),
        key("background", Shape::Word(&["until end of phase", "until end of run"]), "It runs beside the others until then."),
        key("alarm_on", Shape::Pattern, "A line of a background step that matches raises a critical alarm."),
        // Of `use`.
        key("with", Shape::Arguments, "The check's arguments, by name."),
        key("compare", Shape::Text, "before: held against the first step that uses the same check; or the id of an earlier one."),
        // Of `sql` (`on` of `use` too).
        key("on", Shape::Text, "One of the target's `databases`."),
        key("lock_timeout", Shape::Length, "PostgreSQL's lock_timeout."),
        key("statement_timeout", Shape::Length, "PostgreSQL's statement_timeout."),
        key("transaction", Shape::Flag, "true: begin … commit around all; false: each statement by itself."),
        key("read_only", Shape::Flag, "Whether the session may not write; see the README for when that is so by itself."),
    ],
};

/// `http: …`
pub static HTTP: Table = Table {
    name: "`http`",
    required: &[],
    one_of: METHODS,
    keys: &[
        key("get", Shape::Text, "Where to."),
        key("head", Shape::Text, "Where to."),
        key("post", Shape::Text, "Where to."),
        key("put", Shape::Text, "Where to."),
        key("patch", Shape::Text, "Where to."),
        key("delete", Shape::Text, "Where to."),
        key("headers", Shape::Values, "Headers by name."),
        key("body", Shape::Text, "What is sent."),
        key("expect", Shape::Expect, "What must be seen; status 2xx where nothing is said of it."),
    ],
};

/// The methods of a request, as keys.
pub const METHODS: &[&str] = &["get", "head", "post", "put", "patch", "delete"];

/// `watch: …`
pub static WATCH: Table = Table {
    name: "`watch`",
    required: &["for"],
    one_of: &[],
    keys: &[
        key("for", Shape::Length, "For how long."),
        key("fail_on", Shape::Word(&["warning", "critical", "none"]), "An alarm of this level or worse fails it; critical where nothing is said."),
    ],
};

/// `decide: [...]`
pub static CHOICE: Table = Table {
    name: "a choice",
    required: &["choice"],
    one_of: &[],
    keys: &[
        key("choice", Shape::Text, "What is chosen."),
        key("when", Shape::Text, "When to choose it."),
        key("go_to", Shape::Text, "The rollback path or the step it leads to; the next step where nothing is said."),
    ],
};

/// `retry: …`
pub static RETRY: Table = Table {
    name: "`retry`",
    required: &["times"],
    one_of: &[],
    keys: &[
        key("times", Shape::Count, "How often it is repeated after the first attempt."),
        key("wait", Shape::Length, "How long is waited before each; 5s where nothing is said."),
        key("only_if", Shape::Pattern, "Only when this is found in the output or the reason."),
    ],
};

/// `verify: …`
pub static PROBE: Table = Table {
    name: "`verify`",
    required: &[],
    one_of: &["check", "sql", "http", "use"],
    keys: &[
        key("check", Shape::Text, "A shell command that only looks, in the step's own shell, directory and environment."),
        key("sql", Shape::Text, "A query, in a read-only session."),
        key("http", Shape::Map(&HTTP), "A get or head request."),
        key("use", Shape::Check, "A ready check by name."),
        key("with", Shape::Arguments, "The check's arguments, by name."),
        key("on", Shape::Text, "One of the target's `databases`."),
        key("expect", Shape::Expect, "What must be seen."),
    ],
};

/// `sessions: …`
pub static SESSIONS: Table = Table {
    name: "`sessions`",
    required: &[],
    one_of: &[],
    keys: &[
        key("user", Shape::Text, "The database user."),
        key("application", Shape::Text, "The application name."),
    ],
};

/// `sql: {file: …}`
pub static SQL_FILE: Table = Table {
    name: "`sql`",
    required: &["file"],
    one_of: &[],
    keys: &[key("file", Shape::Text, "A file with the statements, relative to the runbook's file.")],
};

/// `expect: {…}`
pub static EXPECT: Table = Table {
    name: "`expect`",
    required: &[],
    one_of: &[],
    keys: &[
        key("exit", Shape::Test, "The exit status of a command; 0 where nothing is said."),
        key("stdout", Shape::Test, "The trimmed standard output of a command; a bare text is contained in it."),
        key("stderr", Shape::Test, "The trimmed standard error of a command; a bare text is contained in it."),
        key("rows", Shape::Test, "How many rows a statement returned or touched."),
        key("value", Shape::Test, "A statement's first value, a command's trimmed output, a response's body."),
        key("status", Shape::Test, "The status of a response; 2xx where nothing is said."),
        key("body", Shape::Test, "The body of a response; a bare text is contained in it."),
        key("json", Shape::Tests, "Values inside a JSON body or output, by JSON pointer."),
    ],
};

/// Every table.
pub static TABLES: &[&Table] = &[
    &ROOT, &PARAMETER, &TARGET, &IDENTITY, &WINDOW, &ROLE, &CONTACT, &MONITOR, &ALARM, &OWN_VALUE, &PHASE,
    &PATH, &GROUP, &STEP, &HTTP, &WATCH, &CHOICE, &RETRY, &PROBE, &SESSIONS, &SQL_FILE, &EXPECT, &WITNESS,
];
