//! `holdpoint new`: a runbook for the migrations of the project at hand.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::cli::failure::{Failure, USAGE, WORLD};
use crate::cli::tell;
use crate::domain::project::{self, Project, Tool};
use crate::domain::tame;
use crate::engine::project::read;

/// `holdpoint new`
#[derive(Debug, Clone, Args)]
pub struct NewArgs {
    /// Whose migrations: found by the project's files where it is left out.
    #[arg(long, value_enum, value_name = "TOOL")]
    pub from: Option<ByName>,
    /// The project.
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub dir: PathBuf,
    /// The runbook to write; `-` prints it.
    #[arg(short, long, value_name = "FILE", default_value = "runbook.yaml")]
    pub output: PathBuf,
    /// Write over a file that is there.
    #[arg(long)]
    pub force: bool,
}

/// A tool, by its name on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ByName(Tool);

impl ValueEnum for ByName {
    fn value_variants<'a>() -> &'a [Self] {
        const ALL: [ByName; Tool::ALL.len()] = {
            let mut all = [ByName(Tool::Alembic); Tool::ALL.len()];
            let mut at = 0;
            while at < all.len() {
                all[at] = ByName(Tool::ALL[at]);
                at += 1;
            }
            all
        };
        &ALL
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        Some(clap::builder::PossibleValue::new(self.0.word()))
    }
}

/// Looks at the project and writes a runbook that fits it.
///
/// # Errors
/// The directory cannot be read, is nobody's or several tools', or the file cannot be written.
pub fn new(args: &NewArgs) -> Result<u8, Failure> {
    let root = args
        .dir
        .canonicalize()
        .map_err(|e| unreadable(&args.dir, &e))?;
    let tree = read(&root).map_err(|e| unreadable(&args.dir, &e))?;
    let mut project = match args.from {
        Some(ByName(tool)) => project::look(&tree, tool).ok_or_else(|| absent(&root, tool))?,
        None => only_one(&root, project::find(&tree))?,
    };
    let evidence = format!(
        "{} ({} migrations)",
        project.evidence,
        project.migrations.len()
    );
    if !beside(&args.output, &root) {
        project.directory = root.join(&project.directory).display().to_string();
        project.files = root.join(&project.files).display().to_string();
    }
    let name = root.file_name().map_or_else(
        || "this project".into(),
        |n| n.to_string_lossy().into_owned(),
    );
    let text = project::runbook(&project, &tame::line(&name));
    if args.output == Path::new("-") {
        tell(text.trim_end());
        return Ok(0);
    }
    write(&args.output, &text, args.force)?;
    let file = tame::line(args.output.display().to_string());
    tell(&format!("{}: {}", project.tool, tame::line(evidence)));
    if let Some(newest) = project.newest() {
        tell(&format!("newest version here: {}", tame::line(newest)));
    }
    tell(&format!(
        "wrote {file}: fill in the contacts, read it, then\n  holdpoint check {file}\n  holdpoint run {file} --target staging --rehearse"
    ));
    Ok(0)
}

/// Whether a file called `output` lies in the project's own directory.
fn beside(output: &Path, root: &Path) -> bool {
    let dir = output
        .parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    dir.canonicalize().is_ok_and(|dir| dir == root)
}

fn unreadable(dir: &Path, error: &std::io::Error) -> Failure {
    Failure::new(WORLD, format!("{}: {error}", dir.display()))
}

fn absent(root: &Path, tool: Tool) -> Failure {
    let said = format!("there is no {tool} project in {}", root.display());
    Failure::new(USAGE, said).hint(format!("it is known by {}", project::wanted(tool)))
}

fn only_one(root: &Path, mut found: Vec<Project>) -> Result<Project, Failure> {
    let names: Vec<_> = found.iter().map(|p| p.tool.word()).collect();
    match found.len() {
        1 => Ok(found.remove(0)),
        0 => {
            let all: Vec<_> = Tool::ALL.iter().map(|t| t.word()).collect();
            let said = format!(
                "no migrations of a tool that is known lie in {}",
                root.display()
            );
            Err(Failure::new(USAGE, said).hint(format!("these are known: {}", all.join(", "))))
        }
        _ => {
            let said = format!(
                "several tools keep migrations in {}: {}",
                root.display(),
                names.join(", ")
            );
            Err(Failure::new(USAGE, said).hint(format!(
                "say which: `--from {}`",
                names.first().unwrap_or(&"")
            )))
        }
    }
}

fn write(path: &Path, text: &str, force: bool) -> Result<(), Failure> {
    let mut how = OpenOptions::new();
    how.write(true);
    if force {
        how.create(true).truncate(true);
    } else {
        how.create_new(true);
    }
    let written = how
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| {
        let failure = Failure::new(WORLD, format!("{}: {error}", path.display()));
        if error.kind() == ErrorKind::AlreadyExists {
            failure.hint("`--force` writes over it; `-o FILE` names another")
        } else {
            failure
        }
    })
}
