//! What a heading says beside its words: its number, its option, its plain text.

/// The letter or number of `Option A`, `Method 2`, `Variante B`.
pub fn option_label(heading: &str) -> Option<String> {
    const NAMES: &[&str] = &[
        "option",
        "method",
        "approach",
        "alternative",
        "variant",
        "methode",
        "variante",
        "méthode",
        "opción",
        "método",
        "opção",
        "alternativa",
        "вариант",
        "способ",
        "方案",
        "方法",
        "オプション",
        "方式",
    ];
    let text = plain(heading);
    let name = NAMES.iter().find(|name| text.starts_with(**name))?;
    let rest = &text[name.len()..];
    // `Options` is no label, `方案一` is one.
    if rest.starts_with(|c: char| c.is_alphabetic() && !"一二三四五甲乙".contains(c)) {
        return None;
    }
    let rest = rest.trim_start_matches([' ', '#', '-']);
    let label: String = rest.chars().take_while(|c| c.is_alphanumeric()).collect();
    let cjk = "一二三四五甲乙";
    let short = label.chars().count() == 1
        && label
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || cjk.contains(c));
    let word = rest.starts_with(label.as_str())
        && (short
            || !label.is_empty() && label.len() < 3 && label.bytes().all(|b| b.is_ascii_digit()));
    word.then_some(label)
}

/// Whether a heading is numbered as a step is: `Step 3`, `3. Foo`, `Schritt 2`, `第一步`.
pub fn is_numbered_step(heading: &str) -> bool {
    const NAMES: &[&str] = &[
        "step",
        "schritt",
        "étape",
        "paso",
        "passo",
        "etapa",
        "шаг",
        "步骤",
        "手順",
        "ステップ",
        "task",
    ];
    let text = heading
        .trim()
        .trim_start_matches(|c: char| !c.is_alphanumeric())
        .to_lowercase();
    if text.starts_with('第') && text.chars().take(4).any(|c| c == '步') {
        return true;
    }
    if NAMES.iter().any(|name| {
        text.strip_prefix(name).is_some_and(|rest| {
            rest.trim_start_matches([' ', '#', ':'])
                .starts_with(|c: char| c.is_ascii_digit() || "一二三四五六七八九十".contains(c))
        })
    }) {
        return true;
    }
    let digits = text.len()
        - text
            .trim_start_matches(|c: char| c.is_ascii_digit() || c == '.')
            .len();
    let rest = &text[digits..];
    digits > 0
        && digits < 8
        && text.starts_with(|c: char| c.is_ascii_digit())
        && (text[..digits].contains('.') || rest.starts_with([')', ':', '、']))
        && !rest.trim_start_matches([')', ':', ' ', '、']).is_empty()
        && !rest.starts_with(char::is_alphabetic)
}

/// Lower case, without what stands in front of the first word: numbers, `Phase 3:`, signs.
pub fn plain(heading: &str) -> String {
    const FRONT: &[&str] = &[
        "phase",
        "step",
        "part",
        "section",
        "stage",
        "schritt",
        "teil",
        "abschnitt",
        "étape",
        "partie",
        "paso",
        "fase",
        "parte",
        "passo",
        "etapa",
        "этап",
        "шаг",
        "часть",
        "раздел",
    ];
    let mut text = heading
        .to_lowercase()
        .replace('\u{a0}', " ")
        .replace('’', "'");
    loop {
        let cut = text.trim_start_matches(|c: char| !c.is_alphabetic());
        let front = FRONT.iter().find_map(|word| {
            let rest = cut.strip_prefix(word)?.trim_start_matches([' ', '#']);
            let number: usize = rest
                .chars()
                .take_while(|c| {
                    c.is_ascii_digit() || "ivx.".contains(*c) && rest.starts_with(['i', 'v', 'x'])
                })
                .map(char::len_utf8)
                .sum();
            let rest = &rest[number..];
            (number > 0 && rest.starts_with([':', '.', ' ', '-', '–', '—', ')']))
                .then(|| rest.to_owned())
        });
        let single = cut.chars().nth(1).is_some_and(|c| matches!(c, '.' | ')'))
            && cut.chars().next().is_some_and(|c| c.is_ascii_alphabetic());
        match front {
            Some(rest) => text = rest,
            None if single => text = cut[2..].to_owned(),
            None => {
                return cut
                    .trim_end_matches([':', ' ', '：', '.', '!', '*', '#'])
                    .to_owned();
            }
        }
    }
}
