//! What a printer can do, as data. Layout, encoder, driver and emulator read it.

use std::borrow::Cow;

use super::codepage::CodePage;

/// A receipt printer's abilities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// The name in the configuration.
    pub name: Cow<'static, str>,
    /// Characters a line in the normal font.
    pub columns: u16,
    /// Dots a line; the printable width.
    pub dots: u16,
    /// Code pages in the order they are tried, each with its number for `ESC t`. Never empty.
    pub code_pages: Cow<'static, [(CodePage, u8)]>,
    /// How the paper is cut.
    pub cut: Cut,
    /// Dots of one QR module, where the code fits the paper with it.
    pub qr_module: u8,
    /// The pulse that opens the drawer: on time and off time, in units of 2 ms.
    pub drawer_pulse: (u8, u8),
    /// Whether the drawer's sensor reads high when it is open; some are wired the other way.
    pub drawer_open_is_high: bool,
}

/// What ends a receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// A cutter that leaves one point standing.
    Partial,
    /// A cutter that cuts through.
    Full,
    /// No cutter: the paper is fed past the tear bar.
    Tear,
}

/// Which of the connector's two drawers is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DrawerPin {
    /// Pin 2: the first drawer.
    Two,
    /// Pin 5: the second drawer.
    Five,
}

/// The numbers that Epson gave the pages, and that its imitators kept. CP858 comes first for its
/// euro sign.
const USUAL_PAGES: &[(CodePage, u8)] = &[
    (CodePage::Cp858, 19),
    (CodePage::Wpc1252, 16),
    (CodePage::Cp852, 18),
    (CodePage::Cp437, 0),
    (CodePage::Cp850, 2),
];

impl Profile {
    /// 58 mm paper, 32 columns, no cutter.
    pub const ROLL_58: Self = Self::usual("58mm", 32, 384, Cut::Tear, 5);

    /// 80 mm paper, 48 columns, partial cut.
    pub const ROLL_80: Self = Self::usual("80mm", 48, 576, Cut::Partial, 6);

    /// 80 mm paper, 42 columns, as printers at 180 dots an inch have it.
    pub const ROLL_80_42: Self = Self::usual("80mm-42", 42, 512, Cut::Partial, 6);

    const fn usual(name: &'static str, columns: u16, dots: u16, cut: Cut, qr_module: u8) -> Self {
        Self {
            name: Cow::Borrowed(name),
            columns,
            dots,
            code_pages: Cow::Borrowed(USUAL_PAGES),
            cut,
            qr_module,
            drawer_pulse: (50, 250),
            drawer_open_is_high: true,
        }
    }

    /// Every built-in profile.
    pub const ALL: [Self; 3] = [Self::ROLL_58, Self::ROLL_80, Self::ROLL_80_42];

    /// The built-in profile of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.name == name)
    }

    /// Whether one of its code pages has `character`.
    #[must_use]
    pub fn prints(&self, character: char) -> bool {
        self.code_pages.iter().any(|(page, _)| page.encode(character).is_some())
    }
}
