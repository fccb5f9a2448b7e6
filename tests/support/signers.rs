//! One person for each role with a key of their own, and the verifier's list that names them.

use std::fs;
use std::path::{Path, PathBuf};

use holdpoint::domain::report::signoff::Decision;
use holdpoint::engine::seal::verify::{Question, Verdict, VerifyReport, verify};
use holdpoint::engine::seal::{
    Approval, Bundle, Desk, Key, Passphrase, Signer, allowed_line, append_signoff, make,
};

struct Person {
    role: String,
    identity: String,
    key: Key,
}

pub struct Signers {
    desk: Desk,
    people: Vec<Person>,
    pub trust: PathBuf,
}

impl Signers {
    /// Makes the keys of people for `roles` below `home`, and tells git that the first one, `dana`, is the operator.
    pub fn new(home: &Path, roles: &[&str]) -> Self {
        let desk = Desk::at(home.to_owned(), home.join("config"), None);
        let git = "[user]\n name = Dana\n email = dana@example.com\n";
        fs::write(home.join(".gitconfig"), git).unwrap();
        let people: Vec<Person> = ["dana", "lee", "kim", "noor"]
            .into_iter()
            .zip(roles)
            .map(|(name, role)| Person {
                role: (*role).to_owned(),
                identity: format!("{name}@example.com"),
                key: make(&desk, &home.join("keys").join(name), name, Passphrase::None).unwrap(),
            })
            .collect();
        assert_eq!(people.len(), roles.len(), "a name is missing for a role");
        let lines: Vec<String> = people
            .iter()
            .map(|person| allowed_line(&person.identity, &person.key) + "\n")
            .collect();
        let trust = home.join("keys/allowed_signers");
        fs::write(&trust, lines.concat()).unwrap();
        Self {
            desk,
            people,
            trust,
        }
    }

    /// Returns the file of the operator's key.
    pub fn operator_key(&self) -> String {
        self.people[0].key.source()
    }

    /// Returns the role for which the operator signs.
    pub fn operator_role(&self) -> &str {
        &self.people[0].role
    }

    /// Signs the log in `run_dir` for the roles that the operator did not sign for.
    pub fn sign_the_rest(&self, run_dir: &Path) {
        for person in &self.people[1..] {
            let approval = Approval {
                role: person.role.clone(),
                decision: Decision::Approved,
                remark: String::new(),
                signer: Signer {
                    name: person.identity.clone(),
                    identity: person.identity.clone(),
                    key: person.key.clone(),
                },
            };
            append_signoff(&self.desk, &Bundle::at(run_dir), &approval).unwrap();
        }
    }

    /// Asks whether the log in `run_dir` is the record that was signed.
    pub fn verify(&self, run_dir: &Path) -> VerifyReport {
        let question = Question {
            trust: Some(self.trust.clone()),
            ..Question::default()
        };
        verify(&self.desk, run_dir, &question).unwrap()
    }

    /// Asserts that the log is verified, and refused once a single byte of it is another.
    pub fn assert_sealed(&self, run_dir: &Path) {
        let report = self.verify(run_dir);
        assert_eq!(report.verdict, Verdict::Verified, "{}", report.text());
        let path = run_dir.join("log.md");
        let log = fs::read(&path).unwrap();
        let mut forged = log.clone();
        let at = forged.len() / 3;
        forged[at] ^= 1;
        fs::write(&path, forged).unwrap();
        assert_eq!(self.verify(run_dir).verdict, Verdict::Failed);
        fs::write(&path, log).unwrap();
        assert_eq!(self.verify(run_dir).verdict, Verdict::Verified);
    }
}
