//! Three people with keys of their own, and the verifier's list that names them.

use std::fs;
use std::path::{Path, PathBuf};

use holdpoint::domain::report::signoff::Decision;
use holdpoint::engine::seal::verify::{Question, Verdict, VerifyReport, verify};
use holdpoint::engine::seal::{
    Approval, Bundle, Desk, Key, Passphrase, Signer, allowed_line, append_signoff, make,
};

pub struct Signers {
    desk: Desk,
    people: Vec<(String, Key)>,
    pub trust: PathBuf,
}

impl Signers {
    /// Makes the keys below `home`, and tells git that `dana` is the operator.
    pub fn new(home: &Path) -> Self {
        let desk = Desk::at(home.to_owned(), home.join("config"), None);
        let git = "[user]\n name = Dana\n email = dana@example.com\n";
        fs::write(home.join(".gitconfig"), git).unwrap();
        let people: Vec<(String, Key)> = ["dana", "lee", "kim"]
            .map(|name| {
                let path = home.join("keys").join(name);
                let key = make(&desk, &path, name, Passphrase::None).unwrap();
                (format!("{name}@example.com"), key)
            })
            .into();
        let lines: Vec<String> = people
            .iter()
            .map(|(identity, key)| allowed_line(identity, key) + "\n")
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
        self.people[0].1.source()
    }

    /// Signs the log in `run_dir` for the roles that the operator did not sign for.
    pub fn sign_the_rest(&self, run_dir: &Path) {
        for ((identity, key), role) in self.people[1..]
            .iter()
            .zip(["Backend Lead", "Infrastructure"])
        {
            let approval = Approval {
                role: role.to_owned(),
                decision: Decision::Approved,
                remark: String::new(),
                signer: Signer {
                    name: identity.clone(),
                    identity: identity.clone(),
                    key: key.clone(),
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
