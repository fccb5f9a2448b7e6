//! How a dialog is put together.

use crate::app::dialog::{Dialog, Field, Intent, Need, Offer, Part, Pick};
use crate::app::model::Tone;
use tui_textarea::TextArea;

impl Dialog {
    /// Returns an empty dialog that means `intent`.
    pub fn new(title: impl Into<String>, intent: Intent) -> Self {
        Self {
            title: title.into(),
            tone: Tone::Plain,
            sentences: Vec::new(),
            boxes: Vec::new(),
            choices: Vec::new(),
            cursor: 0,
            fields: Vec::new(),
            focus: Part::Sentences,
            enter: String::new(),
            problem: None,
            intent,
            shown_ms: None,
            typed_ms: None,
            scroll: 0,
        }
    }

    pub(super) fn toned(mut self, tone: Tone) -> Self {
        self.tone = tone;
        self
    }

    pub(super) fn says(mut self, tone: Tone, text: impl Into<String>) -> Self {
        self.sentences.push((tone, text.into()));
        self
    }

    pub(super) fn field(mut self, label: impl Into<String>, need: Need) -> Self {
        let mut area = TextArea::default();
        area.set_tab_length(0);
        self.fields.push(Field {
            label: label.into(),
            need,
            area,
        });
        self
    }

    pub(super) fn entered(mut self, enter: impl Into<String>) -> Self {
        self.enter = enter.into();
        self.focus = if !self.boxes.is_empty() {
            Part::Boxes
        } else if !self.choices.is_empty() {
            Part::Choices
        } else if self.fields.is_empty() {
            Part::Sentences
        } else {
            Part::Field(0)
        };
        self
    }
}

pub(super) fn offer(label: impl Into<String>, hint: impl Into<String>, pick: Pick) -> Offer {
    Offer {
        label: label.into(),
        hint: hint.into(),
        refused: None,
        pick,
    }
}
