//! Owns the terminal from the first byte to the last, and gives it back whatever way we leave.

use std::io::{self, BufWriter, Stdout, Write as _};
use std::mem::ManuallyDrop;
use std::panic;
use std::sync::Once;

use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use crossterm::{cursor, execute};
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{Frame, Terminal, TerminalOptions, Viewport};

use crate::runtime::notify::Voice;

/// Room for a whole frame: it goes out in one piece, and the terminal is woken once for it.
const FRAME_BYTES: usize = 64 * 1024;

/// What is drawn on.
type Canvas = Terminal<CrosstermBackend<BufWriter<Stdout>>>;

/// The terminal while we have it.
#[derive(Debug)]
pub struct Screen {
    /// What is drawn on. Never dropped: ratatui would show the cursor once more, and panic where the terminal has gone
    /// and standard error with it.
    terminal: ManuallyDrop<Canvas>,
    voice: Voice,
}

impl Screen {
    /// Takes the terminal. A panic anywhere gives it back before its message is printed.
    ///
    /// # Errors
    /// There is no terminal, or it does not obey.
    pub fn take() -> io::Result<Self> {
        static HOOK: Once = Once::new();
        HOOK.call_once(|| {
            let before = panic::take_hook();
            panic::set_hook(Box::new(move |info| {
                give_back();
                before(info);
            }));
        });
        let voice = Voice::of_terminal();
        seize()?;
        match canvas() {
            Ok(terminal) => Ok(Self {
                terminal: ManuallyDrop::new(terminal),
                voice,
            }),
            Err(e) => {
                give_back();
                Err(e)
            }
        }
    }

    /// Gives the terminal away while `work` has it, then takes it again and draws everything anew.
    ///
    /// # Errors
    /// The terminal does not obey any more.
    pub fn lend<T>(&mut self, work: impl FnOnce() -> T) -> io::Result<T> {
        give_back();
        let done = work();
        seize()?;
        self.redraw()?;
        Ok(done)
    }

    /// Draws a frame with `view`, in the size that the terminal has now.
    ///
    /// # Errors
    /// The terminal does not obey.
    pub fn draw(&mut self, view: impl FnOnce(&mut Frame)) -> io::Result<()> {
        let area = area()?;
        if area != self.terminal.get_frame().area() {
            self.terminal.resize(area)?;
        }
        self.terminal.draw(view).map(drop)
    }

    /// Forgets what stands on the screen, so that the next frame draws everything.
    ///
    /// # Errors
    /// The terminal does not say its size.
    pub fn redraw(&mut self) -> io::Result<()> {
        // `Terminal::clear` asks the terminal where its cursor is, and the answer would be read as keys.
        self.terminal.resize(area()?)
    }

    /// Calls whoever looks elsewhere.
    pub fn notify(&mut self, text: &str) {
        let mut out = io::stdout();
        let said = self.voice.bytes(text);
        let _ = out.write_all(&said).and_then(|()| out.flush());
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

fn canvas() -> io::Result<Canvas> {
    let out = BufWriter::with_capacity(FRAME_BYTES, io::stdout());
    let viewport = Viewport::Fixed(area()?);
    Terminal::with_options(CrosstermBackend::new(out), TerminalOptions { viewport })
}

/// Asks for the terminal's size; ratatui would open the terminal anew before each frame to do it.
fn area() -> io::Result<Rect> {
    let size = rustix::termios::tcgetwinsize(io::stdout())?;
    Ok(Rect::new(0, 0, size.ws_col, size.ws_row))
}

fn seize() -> io::Result<()> {
    enable_raw_mode()?;
    execute!(
        io::stdout(),
        EnterAlternateScreen,
        EnableBracketedPaste,
        cursor::Hide
    )
}

/// Gives the terminal back; nothing can be done about an error here.
fn give_back() {
    let _ = execute!(
        io::stdout(),
        DisableBracketedPaste,
        LeaveAlternateScreen,
        cursor::Show
    );
    let _ = disable_raw_mode();
}
