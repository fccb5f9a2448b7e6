//! What is known of command lines: which words begin one, which do harm, which want a terminal, which never end.

mod programs;

use programs::COMMANDS;
use std::sync::LazyLock;

use regex::Regex;

use crate::domain::import::mask::pattern;

pattern!(
    HARM,
    r"(?i)\brm\s+(?:-\w+\s+)*-?\w*|\brmdir\b|\bshred\b|\bmkfs|\bdd\s+(?:if|of)=|\bwipefs|\btruncate\b|\bdrop(?:db|user)?\b\s*(?:table|database|schema|index|column|view|user|role|constraint|extension|function|trigger|sequence|type|tablespace|materialized|collection|if|-|\w)|\bdelete\s+from\b|\bdelete\b|\bdestroy\b|\bpurge\b|\bprune\b|\bdowngrade\b|--force\b|--force-with-lease|\bpush\s+(?:-f|--force|--delete)|\breset\s+--hard|\bclean\s+-[a-z]*f|\bkill(?:all)?\s|\bpkill\b|\bshutdown\b|\breboot\b|\bpoweroff\b|\bhalt\b|\bfailover\b|\bswitchover\b|\bpromote\b|\bpg_terminate_backend|\bpg_resetwal|\bflush(?:all|db)\b|\buninstall\b|\bapt(?:-get)?\s+remove|\byum\s+remove|\bdocker(?:-compose|\s+compose)?\s+(?:rm|rmi|down|system)|\bkubectl\s+(?:delete|drain|cordon|replace|scale)|\bhelm\s+(?:uninstall|delete|rollback)|\bterraform\s+(?:apply|destroy)|\bpg_restore\b.*(?:-c\b|--clean)|\bdb:(?:drop|reset|rollback|schema:load|migrate:down|migrate:reset)|\bmigrate:(?:fresh|reset|rollback|refresh)|\balter\s+table\b|\balter\s+system\b|\brename\s+(?:table|column|to)\b|\brevoke\b|\bcascade\b|--delete\b|\boverwrite\b|\bgh\s+release\s+delete|\brb\s+-rf|>\s*/dev/sd|\bupdate\s+\w[\w.]*\s+set\b|\bpg_dropcluster\b|\bvacuum\s*\(?\s*full\b|\bsp_rename\b|\b(?:remove|clear|format)-[a-z]{3,}|\brobocopy\b.*\s/(?:mir|purge)\b|\b(?:rd|del)\s+/[sqf]\b|\bdeltree\b"
);
pattern!(
    ENDLESS,
    r"(?m)(?:^|[|;&]\s*)\s*(?:sudo\s+)?(?:tail\s+(?:-\w+\s+)*(?:-\w*[fF]\w*|--follow)|watch\s+\S|journalctl\b.*(?:\s-\w*f\w*|--follow)|docker(?:-compose|\s+compose)?\s+logs\b.*(?:\s-\w*f\w*|--follow)|kubectl\b.*\blogs\b.*(?:\s-f\b|--follow)|kubectl\b.*\bget\b.*(?:\s-w\b|--watch(?:\s|$|=true))|kubectl\s+port-forward\b|stern\s|ping\s+(?:[^-\s]\S*\s*$|(?:-[^c\s]\S*\s+)*[^-\s]\S*\s*$)|heroku\s+logs\s+.*(?:-t|--tail)|while\s+(?:true|:)\s*;)"
);
pattern!(
    INTERACTIVE,
    r"(?m)(?:^|[|;&]\s*)\s*(?:sudo\s+(?:-\w+\s+)*)?(?:(?:vi|vim|nvim|nano|emacs|pico|less|more|top|htop|man|visudo|crontab\s+-e|k9s|tmux|screen|passwd|fdisk|mysql_secure_installation|git\s+(?:rebase\s+-i|add\s+-p)|sudo\s+-[is]|su\s+-?|git\s+commit\s*$|kubectl\s+edit|systemctl\s+edit|iex|irb|rails\s+(?:c|console|dbconsole|db)|bin/rails\s+(?:c|console)|bundle\s+exec\s+rails\s+(?:c|console)|python3?\s+manage\.py\s+(?:shell|dbshell)|php\s+artisan\s+tinker|redis-cli|mongosh?|sqlite3\s+\S+|sqlplus)\s*(?:$|\s[^-|<>]*$)|(?:docker(?:-compose|\s+compose)?|podman)\s+(?:exec|run)\s+.*-(?:it|ti|t)\b|kubectl\s+.*\bexec\b.*-(?:it|ti)\b.*(?:bash|sh|psql|mysql|console)\s*$|ssh\s+(?:-\S+\s+(?:\S+\s+)?)*[^\s-]\S*\s*$|sudo\s+su\b|su\s+-|mysql\s+(?:-[^\s]+\s*|\S+\s*)*-p\s|mysql(?:\s+-[uhPp]\s*\S*)*\s*(?:\w+)?\s*$|psql(?:\s+-[UhpdW]\s*\S*|\s+[\w$@:/{}.]+)*\s*$|(?:sudo\s+)?-?u\s+postgres\s+psql\s*$|(?:docker|gh|npm|aws|heroku|az|gcloud\s+auth)\s+(?:login|configure)\b)"
);
pattern!(ASSIGNMENT, r"^[A-Za-z_][A-Za-z0-9_]*=");
pattern!(
    PROGRAM,
    r"^(?:\./|\.\./|~/|/(?:usr|opt|bin|sbin|etc|var|home|srv)/|bin/|scripts?/|vendor/bin/|\$[A-Z{])\S"
);
pattern!(
    CARRIED,
    r"^\s*(?:cd|export|source|pushd|\.)\s+\S|^[A-Z_][A-Z0-9_]*=\S*\s*$"
);

/// Returns the first line that is neither empty nor a comment.
pub fn first_command(script: &str) -> Option<&str> {
    script
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty() && !line.starts_with('#'))
}

/// Returns the first line of SQL that is neither empty nor a comment.
pub fn first_statement(text: &str) -> Option<&str> {
    text.lines()
        .map(str::trim)
        .find(|line| !line.is_empty() && !["--", "#", "/*"].iter().any(|c| line.starts_with(c)))
}

/// Words of English that are programs too.
const PROSE: &[&str] = &[
    "at", "more", "time", "test", "make", "find", "kill", "set", "read", "if", "for", "while",
    "task", "just", "stack", "less", "service", "date", "watch", "host", "history", "source",
    "install", "go", "screen", "sort", "id", "true", "join", "cut", "head", "migrate", "http",
    "https", "patch", "mount", "fly", "fab", "node", "which", "top", "exit", "flux", "invoke",
];

/// Whether a line begins as a command line does.
pub fn begins_like_command(line: &str) -> bool {
    let line = line.trim_start();
    let word = line
        .split(|c: char| c.is_whitespace() || matches!(c, ';' | '|' | '&'))
        .next()
        .unwrap_or_default();
    if ASSIGNMENT.is_match(line) {
        return !line
            .split_once('=')
            .is_some_and(|(_, v)| v.starts_with(' '));
    }
    let next = line[word.len()..].trim_start();
    let prose = PROSE.contains(&word) && next.split_whitespace().count() > 3
        && !next.contains(['-', '/', '$', '=', '"', '|', ';', '.'])
        || next.starts_with(['=', ':']) && !next.starts_with("==")
        // A line of `pg_hba.conf`.
        || word == "host" && next.split_whitespace().count() > 2;
    COMMANDS.contains(&word) && !prose || PROGRAM.is_match(line)
}

/// Whether some words of a script do harm.
pub fn does_harm(script: &str) -> bool {
    const FLAT: &str = " ";
    script
        .lines()
        .filter(|line| !line.trim_start().starts_with(['#']))
        .any(|line| {
            let line = line
                .split(" --")
                .map(str::trim_end)
                .collect::<Vec<_>>()
                .join(&format!("{FLAT}--"));
            HARM.find_iter(&line).any(|found| {
                let before = &line[..found.start()];
                // What only names the word: `--no-delete`, `grep drop`.
                !before.ends_with("--no-") && !before.ends_with("grep ")
            })
        })
}

/// Whether a script goes on until somebody stops it.
pub fn never_ends(script: &str) -> bool {
    ENDLESS.is_match(script)
}

/// Whether a script wants a terminal.
pub fn wants_terminal(script: &str) -> bool {
    let fed = [
        "<<",
        "<",
        " -c ",
        " -c'",
        " -c\"",
        " -f ",
        " -e ",
        "--command",
        "--file",
        "--execute",
        " -q",
        " -l",
        "-lqt",
    ];
    script.lines().any(|line| {
        INTERACTIVE.is_match(line)
            && !line.trim_start().starts_with('#')
            && !fed.iter().any(|f| line.contains(f))
            && !line.trim_end().ends_with('\\')
    })
}

/// Returns the line by which a script leaves something to scripts after it, as people paste them into one shell.
pub fn carried_over(script: &str) -> Option<&str> {
    script
        .lines()
        .find(|line| CARRIED.is_match(line))
        .map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_told_from_prose() {
        for yes in [
            "kubectl get pods",
            "./deploy.sh",
            "FOO=1 make",
            "sudo -u postgres psql",
            "for i in 1 2; do echo $i; done",
            "/usr/bin/env x",
        ] {
            assert!(begins_like_command(yes), "{yes}");
        }
        for no in [
            "The server stops",
            "at the end of the day we go",
            "name: x",
            "make sure that everybody knows",
            "{",
            "set = 1",
        ] {
            assert!(!begins_like_command(no), "{no}");
        }
    }

    #[test]
    fn harm_terminals_and_endless_commands_are_known() {
        for yes in [
            "rm -rf /tmp/x",
            "psql -c 'DROP TABLE a'",
            "git push --force",
            "kubectl delete pod x",
            "DELETE FROM a",
            "TRUNCATE a;",
            "ALTER TABLE a DROP COLUMN b",
        ] {
            assert!(does_harm(yes), "{yes}");
        }
        for no in [
            "kubectl get pods",
            "select 1",
            "# rm -rf x",
            "pg_dump -Fc db",
            "echo normal",
        ] {
            assert!(!does_harm(no), "{no}");
        }
        for yes in [
            "tail -f /var/log/x",
            "kubectl logs -f deploy/api",
            "watch kubectl get pods",
            "docker compose logs -f",
            "journalctl -u api -f",
        ] {
            assert!(never_ends(yes), "{yes}");
        }
        for no in [
            "tail -n 20 x",
            "kubectl logs deploy/api",
            "docker run -f x",
            "ping -c 3 host",
        ] {
            assert!(!never_ends(no), "{no}");
        }
        for yes in [
            "ssh deploy@app1",
            "psql -U postgres",
            "vim /etc/x",
            "docker exec -it db bash",
            "mysql -u root -p",
            "rails console",
        ] {
            assert!(wants_terminal(yes), "{yes}");
        }
        for no in [
            "ssh app1 uptime",
            "psql -c 'select 1'",
            "docker exec db psql -c x",
            "mysql db < dump.sql",
            "pg_dump db",
            "psql -f a.sql db",
        ] {
            assert!(!wants_terminal(no), "{no}");
        }
    }
}
