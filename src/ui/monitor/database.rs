//! What the server says of itself: what it does a second and how that went of late, sizes, ages, prepared transactions.

use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::app::model::Model;
use crate::app::monitor::Picture;
use crate::domain::ready::Family;
use crate::domain::sample::alarm::size;
use crate::domain::sample::horizon;
use crate::domain::sample::metric::{Grade, grade, lag_bytes, measure};
use crate::domain::sample::metric::{WRAPAROUND, idle_slots};
use crate::domain::sample::model::{OwnReading, Prepared, Sample, Server, SlotUse};
use crate::domain::sample::rates::{number, whole};
use crate::domain::sample::track;
use crate::domain::sample::words::lasting;
use crate::domain::units::bytes;
use crate::ui::gauge;
use crate::ui::monitor::grid::count as many;
use crate::ui::monitor::{Content, grade_of};
use crate::ui::text::{line_width, pad};
use crate::ui::theme::Theme;

/// Cells for a label.
const LABEL: usize = 12;
/// Cells for what is said before a sparkline.
const FIGURES: usize = 34;
/// Own values that are shown here too.
const OWN: usize = 4;

/// Returns how many rows the panel needs beside others.
pub(super) fn rows(model: &Model) -> u16 {
    let picture = model.monitor.picture();
    let Some(sample) = picture.sample else {
        return 3;
    };
    let of_server = sample.server.as_ref().map_or(1, |s| {
        let rates = if s.rates.is_some() { 5 } else { 2 } + usize::from(s.database_bytes.is_some());
        let machine = usize::from(sample.machine.is_some());
        rates + machine + s.prepared.len().min(2) + usize::from(replicates(s))
    });
    u16::try_from(of_server + sample.values.len().min(OWN)).unwrap_or(12)
}

/// Returns what the panel says.
pub(super) fn content(model: &Model, theme: &Theme, area: Rect) -> Content {
    let picture = model.monitor.picture();
    let Some(sample) = picture.sample else {
        return Content::default();
    };
    let own = sample.values.iter().take(OWN);
    let mut lines: Vec<Line> = own.map(|v| own_value(theme, v)).collect();
    let mut figure = Line::default();
    let said = Said {
        theme,
        picture,
        sample,
        room: usize::from(area.width),
    };
    match &sample.server {
        Some(server) => {
            let role = server.role.map_or(String::new(), |r| r.to_string());
            figure = Line::styled(role, theme.quiet);
            lines.extend(said.prepared(server));
            lines.extend(said.rates(server));
            lines.extend(said.replication(server));
            lines.extend(said.size(server));
            lines.extend(said.machine());
            lines.push(said.troubles(server));
            if usize::from(area.height) > lines.len() {
                lines.extend(said.more(server));
            }
        }
        None => lines.push(Line::styled(
            "the server's counters were not read yet",
            theme.quiet,
        )),
    }
    Content { figure, lines }
}

fn replicates(server: &Server) -> bool {
    !server.senders.is_empty() || server.receiver.is_some() || !server.slots.is_empty()
}

fn labelled(theme: &Theme, label: &str, spans: Vec<Span<'static>>) -> Line<'static> {
    let label = Span::styled(pad(label, LABEL, theme.glyphs.ellipsis), theme.quiet);
    let spans = [label, Span::raw(" ")].into_iter().chain(spans);
    Line::from(spans.collect::<Vec<_>>())
}

fn own_value(theme: &Theme, reading: &OwnReading) -> Line<'static> {
    let value = match (&reading.value, reading.error.as_str()) {
        (Some(value), "") => Span::styled(value.clone(), theme.strong),
        (None, "") => Span::styled(theme.glyphs.nothing, theme.quiet),
        (_, error) => Span::styled(format!("{} {error}", theme.glyphs.look), theme.warning),
    };
    labelled(theme, &reading.name, vec![value])
}

/// What is needed to say something.
struct Said<'a> {
    theme: &'a Theme,
    picture: Picture<'a>,
    sample: &'a Sample,
    room: usize,
}

impl Said<'_> {
    /// A line with how the metric went of late behind it, where there is room.
    fn with_past(&self, label: &str, text: String, metric: &str) -> Line<'static> {
        let mut line = labelled(self.theme, label, vec![Span::raw(text)]);
        let taken = line_width(&line).max(LABEL + 1 + FIGURES);
        let room = self.room.saturating_sub(taken + 1).min(60);
        if room >= 8 {
            let past: Vec<Option<f64>> = self.picture.history.line(metric).collect();
            let gap = taken + 1 - line_width(&line);
            let spark = gauge::spark(&past, room, None, self.theme.glyphs);
            line.spans.push(Span::raw(" ".repeat(gap)));
            line.spans.push(Span::styled(spark, self.theme.quiet));
        }
        line
    }

    fn graded(&self, text: &str, grade: Grade) -> Span<'static> {
        let (style, sign) = self.theme.grade(grade);
        Span::styled(format!("{text} {sign}").trim_end().to_owned(), style)
    }

    fn rates(&self, server: &Server) -> Vec<Line<'static>> {
        let Some(rates) = &server.rates else {
            return vec![Line::styled(
                "rates are known from the second look on",
                self.theme.quiet,
            )];
        };
        let dot = self.theme.glyphs.dot;
        let before = match measure("tps", self.sample, self.picture.history) {
            Some(crate::domain::sample::metric::Reading::Number { of: Some(of), .. }) => {
                format!(", before {of:.0}")
            }
            _ => String::new(),
        };
        let statements = rates
            .statements
            .map_or(String::new(), |n| format!("{n:.0} statements/s, "));
        let work = format!(
            "{statements}{:.0} tps{before}, {:.0} rolled back/s",
            rates.tps, rates.rollbacks
        );
        let hit = rates.hit_ratio.map_or(String::new(), |r| {
            format!(" {dot} {:.1} % from memory", r * 100.0)
        });
        let binlog = rates
            .binlog_bytes
            .map_or(String::new(), |n| format!(", binary log {}/s", size(n)));
        let written = format!("{}/s{binlog}", size(rates.wal_bytes));
        let log = match self.sample.family {
            Family::Postgres | Family::Any => "WAL",
            Family::MySql => "redo log",
        };
        vec![
            self.with_past("work", work, "tps"),
            labelled(
                self.theme,
                "rows",
                vec![Span::raw(format!("{:.0} changed/s{hit}", rates.rows))],
            ),
            self.with_past(log, written, "wal_bytes_per_s"),
            match rates.disk_tables {
                None => self.with_past(
                    "temporary",
                    format!("{}/s", size(rates.temp_bytes)),
                    "temp_bytes_per_s",
                ),
                Some(n) => {
                    let said = format!("{n:.0} tables/s on disk");
                    labelled(self.theme, "temporary", vec![Span::raw(said)])
                }
            },
        ]
    }

    /// Its size is read while the panel is chosen.
    fn size(&self, server: &Server) -> Option<Line<'static>> {
        let size = server.database_bytes?;
        let grown = self.picture.tracks.growth(track::SIZE).unwrap_or_default();
        let grown = match whole(grown.abs()) {
            0 => String::new(),
            n if grown < 0.0 => format!(", {} less since the start", bytes(n)),
            n => format!(", {} more since the start", bytes(n)),
        };
        let said = Span::raw(format!("{}{grown}", bytes(size)));
        Some(labelled(self.theme, "database", vec![said]))
    }

    /// The machine is known where the monitor runs on it too.
    fn machine(&self) -> Option<Line<'static>> {
        let machine = self.sample.machine.as_ref()?;
        let [now, minutes, quarter] = machine.load;
        let processors = match machine.processors {
            1 => "1 CPU".to_owned(),
            n => format!("{n} CPUs"),
        };
        let load = format!("load {now:.2} {minutes:.2} {quarter:.2} on {processors}");
        let dot = self.theme.glyphs.dot;
        let free = number(machine.available) / number(machine.memory.max(1)) * 100.0;
        let said = format!("{load} {dot} {free:.0} % of {} free", bytes(machine.memory));
        Some(labelled(self.theme, "machine", vec![Span::raw(said)]))
    }

    fn troubles(&self, server: &Server) -> Line<'static> {
        let deadlocks = format!("{} deadlocks", server.deadlocks);
        let conflicts = match server.totals.conflicts {
            0 => String::new(),
            n => format!(" {} {n} cancelled for the primary", self.theme.glyphs.dot),
        };
        let archive = match server.archive {
            Some(archive) if archive.fails() => format!(
                " {} archiving fails, {} times so far",
                self.theme.glyphs.dot, archive.failures
            ),
            _ => String::new(),
        };
        let of_archive = if archive.is_empty() {
            Grade::Calm
        } else {
            Grade::Look
        };
        labelled(
            self.theme,
            "troubles",
            vec![
                self.graded(&deadlocks, grade("deadlocks", self.sample)),
                Span::raw(conflicts),
                self.graded(&archive, of_archive),
            ],
        )
    }

    /// What can wait: ages, in transactions.
    fn more(&self, server: &Server) -> Vec<Line<'static>> {
        if self.sample.family == Family::MySql {
            return self
                .kept(server)
                .into_iter()
                .chain(self.endings(server))
                .collect();
        }
        let used = number(server.frozen_age) / WRAPAROUND * 100.0;
        let age = self.graded(
            &format!(
                "{used:.0} % used up, by {} transactions",
                many(server.frozen_age)
            ),
            grade("frozen_age", self.sample),
        );
        let mut lines = vec![labelled(self.theme, "wraparound", vec![age])];
        lines.extend(self.horizon());
        lines.extend(self.endings(server));
        lines
    }

    /// From when on old rows must be kept, and for whom.
    fn horizon(&self) -> Vec<Line<'static>> {
        let Some(oldest) = horizon::oldest(self.sample) else {
            return Vec::new();
        };
        let kept = format!(
            "old rows are kept for {} transactions",
            many(oldest.transactions)
        );
        let mut lines = vec![labelled(self.theme, "vacuum", vec![Span::raw(kept)])];
        if oldest.transactions > 0 && !oldest.whose.is_empty() {
            let whose = Span::styled(format!("by {}", oldest.whose), self.theme.quiet);
            lines.push(labelled(self.theme, "", vec![whose]));
        }
        lines
    }

    /// How prepared transactions are ended.
    fn endings(&self, server: &Server) -> Vec<Line<'static>> {
        let ending = |p: &Prepared| {
            let how = Span::styled(p.ending(), self.theme.quiet);
            labelled(self.theme, "", vec![how])
        };
        server.prepared.iter().map(ending).collect()
    }

    /// What the engine keeps for those who still look at old rows.
    fn kept(&self, server: &Server) -> Option<Line<'static>> {
        let kept = server.history_list?;
        let said = format!("{kept} old changes to be purged (history list)");
        let said = self.graded(&said, grade("history_list", self.sample));
        Some(labelled(self.theme, "cleaning", vec![said]))
    }

    /// The worst of it in one line: the rest stands on its own panel.
    fn replication(&self, server: &Server) -> Option<Line<'static>> {
        if !replicates(server) {
            return None;
        }
        let mut parts = Vec::new();
        let fed = server.senders.len();
        if fed > 0 {
            parts.push(format!("{fed} fed"));
        }
        if let Some(behind) = lag_bytes(server) {
            let ms = server.senders.iter().filter_map(|s| s.replay_lag_ms);
            let ms = ms
                .chain(server.receiver.iter().filter_map(|r| r.replay_age_ms))
                .max();
            let time = ms.map_or(String::new(), |ms| format!(", {}", lasting(ms)));
            parts.push(format!("{} behind{time}", bytes(behind)));
        }
        let kept = server.slots.iter().filter_map(|s| s.retained).max();
        if let Some(kept) = kept {
            parts.push(format!("slots keep {}", bytes(kept)));
        }
        let idle = idle_slots(server);
        if idle > 0 {
            let names = server.slots.iter().find(|s| s.usage == SlotUse::Inactive);
            let name = names.map_or("", |s| s.name.as_str());
            parts.push(format!("nobody reads {name}"));
        }
        let worst = grade("replication_lag", self.sample)
            .max(grade("slot_retained", self.sample))
            .max(if idle > 0 { Grade::Look } else { Grade::Calm });
        let text = parts.join(", ");
        Some(labelled(
            self.theme,
            "replicas",
            vec![self.graded(&text, worst)],
        ))
    }

    fn prepared(&self, server: &Server) -> Vec<Line<'static>> {
        let lines = server.prepared.iter().take(2).map(|p| {
            let grade = grade_of("longest_transaction", Some(p.age_ms)).max(Grade::Look);
            labelled(self.theme, "prepared", vec![self.graded(&p.words(), grade)])
        });
        lines.collect()
    }
}
