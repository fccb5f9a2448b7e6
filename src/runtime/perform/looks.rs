//! What is looked at beside the steps: the migrations, and a file that is named as evidence.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::PathBuf;
use std::time::Duration;

use crate::app::message::Msg;
use crate::app::model::Model;
use crate::app::monitor::migrations::CHECK;
use crate::domain::digest::Sha256;
use crate::domain::ready::{self, Arguments};
use crate::domain::runbook::model::StepId;
use crate::engine::database::Looker;
use crate::engine::questions;
use crate::runtime::opening;
use crate::runtime::perform::{World, database_url};

/// How long one look at the migrations may take.
const LONGEST_LOOK: Duration = Duration::from_secs(10);

impl World {
    /// Holds the migration tool's history against its files, on a connection of its own.
    pub(super) fn look_migrations(&mut self, with: BTreeMap<String, String>, model: &Model) {
        let url = self
            .url
            .clone()
            .map_or_else(|| database_url(model, None), |url| Ok(Some(url)));
        let dir = PathBuf::from(&model.runbook_dir);
        let (out, redactor) = (self.out.clone(), opening::redactor(model));
        self.tasks.spawn(async move {
            let seen = match url {
                Ok(Some(url)) => migrations(&url, &with, &dir).await,
                Ok(None) => Err("this run has no database".to_owned()),
                Err(why) => Err(why),
            };
            let seen = seen.map_err(|why| redactor.redact_text(&why));
            let _ = out.send(Msg::MigrationsSeen(seen));
        });
    }

    pub(super) fn digest(&mut self, step: StepId, path: String, model: &Model) {
        let given = PathBuf::from(&path);
        let full = if given.is_absolute() {
            given
        } else {
            PathBuf::from(&model.runbook_dir).join(given)
        };
        let out = self.out.clone();
        self.tasks.spawn_blocking(move || {
            let digest = digest_of(&full).map_err(|e| e.to_string());
            let _ = out.send(Msg::Digested { step, path, digest });
        });
    }
}

/// Returns the digest of the file at `path`, which is read piece by piece.
///
/// # Errors
/// It cannot be read.
pub fn digest_of(path: &std::path::Path) -> std::io::Result<String> {
    let (mut file, mut sum, mut piece) =
        (File::open(path)?, Sha256::default(), vec![0; 256 * 1024]);
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(sum.hex()),
            n => sum.update(&piece[..n]),
        }
    }
}

async fn migrations(
    url: &str,
    with: &BTreeMap<String, String>,
    dir: &std::path::Path,
) -> Result<ready::Table, String> {
    let check = ready::find(CHECK).ok_or_else(|| format!("there is no ready check {CHECK}"))?;
    let arguments = Arguments::new(check, with).map_err(|faults| {
        let said: Vec<String> = faults.iter().map(ToString::to_string).collect();
        said.join("; ")
    })?;
    let looked = async {
        let mut looker = Looker::open(url, "holdpoint monitor migrations")
            .await
            .map_err(|e| e.said)?;
        let asked = questions::ask(&mut looker, check, &arguments, dir, LONGEST_LOOK).await;
        asked.map_err(|e| e.lines("").join("; "))
    };
    tokio::time::timeout(2 * LONGEST_LOOK, looked)
        .await
        .unwrap_or_else(|_| Err("no answer".to_owned()))
}
