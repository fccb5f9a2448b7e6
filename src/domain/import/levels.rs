//! Which headings of a document are phases, and which are options of each other.

use crate::domain::import::sections::Section;
use crate::domain::import::words;

/// How many sections from the first on are options of each other.
pub fn options_at(sections: &[Section]) -> usize {
    let level = sections.first().map_or(0, |s| s.level);
    sections
        .iter()
        .take_while(|s| s.level == level && words::option_label(&s.title).is_some())
        .count()
}

pub fn any_section(section: &Section, is: &dyn Fn(&Section) -> bool) -> bool {
    is(section) || section.subs.iter().any(|s| any_section(s, is))
}

/// The shallowest level below the title on which two headings stand; zero: there are no headings.
pub fn phase_level(root: &Section, title_line: usize) -> u8 {
    let mut counts = [0_usize; 8];
    count(root, title_line, &mut counts);
    let twice = (1..=7).find(|level| counts[usize::from(*level)] >= 2);
    twice
        .or_else(|| (1..=7).find(|level| counts[usize::from(*level)] >= 1))
        .unwrap_or(0)
}

pub fn count(section: &Section, title_line: usize, counts: &mut [usize; 8]) {
    if section.line > 0 && section.line != title_line {
        counts[usize::from(section.level.min(7))] += 1;
    }
    section
        .subs
        .iter()
        .for_each(|s| count(s, title_line, counts));
}
