//! What an imported document becomes, before it is written.

/// A runbook to be.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// Its title.
    pub title: String,
    /// Text before the first step.
    pub about: Vec<String>,
    /// Parameters: name and the author's placeholder.
    pub parameters: Vec<(String, String)>,
    /// Who signs off.
    pub roles: Vec<String>,
    /// Whom to call: role, how, what for.
    pub contacts: Vec<(String, String, String)>,
    /// The way forward.
    pub phases: Vec<Phase>,
    /// The ways back.
    pub paths: Vec<Path>,
    /// Text that is read when needed.
    pub reference: Vec<String>,
}

/// A phase.
#[derive(Debug, Clone, Default)]
pub struct Phase {
    /// Its heading, unchanged.
    pub title: String,
    /// Seconds from the planned start.
    pub at: Option<i64>,
    /// What is in it.
    pub nodes: Vec<Node>,
}

/// A way back.
#[derive(Debug, Clone, Default)]
pub struct Path {
    /// Its name.
    pub name: String,
    /// Its heading, unchanged.
    pub title: String,
    /// Reasons to take it.
    pub when: Vec<String>,
    /// What is in it.
    pub nodes: Vec<Node>,
}

/// A step or a group.
#[derive(Debug, Clone)]
pub enum Node {
    /// A step.
    Step(Box<Step>),
    /// Several under one title.
    Group(Group),
}

/// Several steps under one title.
#[derive(Debug, Clone)]
pub struct Group {
    /// Their title.
    pub title: String,
    /// Whether one of them is chosen.
    pub one: bool,
    /// What is in it.
    pub nodes: Vec<Node>,
}

/// A step.
#[derive(Debug, Clone, Default)]
pub struct Step {
    /// Names it in the account, until it has its id.
    pub uid: usize,
    /// Its title.
    pub title: String,
    /// Whether the title was made up from a block: a heading or an item may give a better one.
    pub title_is_made: bool,
    /// The line before the block that became the title.
    pub lead: Option<String>,
    /// More to read.
    pub note: Vec<String>,
    /// What is done.
    pub action: Action,
    /// How long it takes.
    pub takes: Option<String>,
    /// Whether the author left room to write something down.
    pub evidence: bool,
    /// Whether there is no way back behind it.
    pub no_return: bool,
}

/// What is done.
#[derive(Debug, Clone, Default)]
pub enum Action {
    /// A person does it.
    #[default]
    Confirm,
    /// A script.
    Run(Run),
    /// Statements.
    Sql(Sql),
    /// A request.
    Http(Http),
    /// Somebody decides: the choices.
    Decide(Vec<String>),
    /// This role signs.
    Sign(String),
}

/// A script.
#[derive(Debug, Clone, Default)]
pub struct Run {
    /// Byte for byte.
    pub script: String,
    /// The shell; empty: the default.
    pub shell: String,
    /// Placeholders and parameters.
    pub fill: Vec<(String, String)>,
    /// Whether it does harm.
    pub danger: bool,
    /// Whether it wants a terminal.
    pub interactive: bool,
    /// Whether it runs beside the others.
    pub background: bool,
}

/// Statements.
#[derive(Debug, Clone, Default)]
pub struct Sql {
    /// Byte for byte.
    pub text: String,
    /// Placeholders and parameters.
    pub fill: Vec<(String, String)>,
    /// Whether they do harm.
    pub danger: bool,
    /// Whether each stands alone, as the server demands for one of them.
    pub alone: bool,
}

/// A request.
#[derive(Debug, Clone, Default)]
pub struct Http {
    /// Its method, lower case.
    pub method: String,
    /// Where to.
    pub url: String,
    /// Its headers.
    pub headers: Vec<(String, String)>,
    /// What is sent.
    pub body: Option<String>,
}

/// The last step of some nodes.
pub fn last_step(nodes: &mut [Node]) -> Option<&mut Step> {
    nodes.iter_mut().rev().find_map(|node| match node {
        Node::Step(step) => Some(step.as_mut()),
        Node::Group(group) => last_step(&mut group.nodes),
    })
}

/// The first step of some nodes.
pub fn first_step(nodes: &mut [Node]) -> Option<&mut Step> {
    nodes.iter_mut().find_map(|node| match node {
        Node::Step(step) => Some(step.as_mut()),
        Node::Group(group) => first_step(&mut group.nodes),
    })
}

/// Calls `each` for every step in order.
pub fn each_step(nodes: &[Node], each: &mut dyn FnMut(&Step)) {
    for node in nodes {
        match node {
            Node::Step(step) => each(step),
            Node::Group(group) => each_step(&group.nodes, each),
        }
    }
}

impl Plan {
    /// Calls `each` for every step, as the runbook will number them.
    pub fn each_step(&self, each: &mut dyn FnMut(&Step)) {
        for phase in &self.phases {
            each_step(&phase.nodes, each);
        }
        for path in &self.paths {
            each_step(&path.nodes, each);
        }
    }
}
