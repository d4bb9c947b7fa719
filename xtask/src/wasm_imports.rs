//! What a wasm module asks of its host (WebAssembly core specification 2.0, section 5.5.5).
//!
//! A browser gives our modules what wasm-bindgen's glue declares and nothing else. An import from `env` is a C or
//! system function that nobody provides: a dependency that is not made for the browser got in.

use std::collections::BTreeSet;

const IMPORT_SECTION: u8 = 2;

/// The names of the functions, memories, tables and globals that a module imports, as `module.name`, from anywhere
/// but wasm-bindgen's glue.
///
/// # Errors
///
/// One sentence if the bytes are not a wasm module.
pub(crate) fn foreign(wasm: &[u8]) -> Result<BTreeSet<String>, String> {
    let body = wasm.strip_prefix(b"\0asm\x01\0\0\0").ok_or("This is not a wasm module of version 1.")?;
    let imports = sections(body).ok_or("This wasm module is cut off or damaged.")?;
    Ok(imports.into_iter().filter(|(module, _)| !is_glue(module)).map(|(m, n)| format!("{m}.{n}")).collect())
}

fn is_glue(module: &str) -> bool {
    module.starts_with("__wbindgen") || module == "wbg"
}

fn sections(body: &[u8]) -> Option<Vec<(String, String)>> {
    let mut reader = Reader(body);
    let mut imports = Vec::new();
    while !reader.0.is_empty() {
        let id = reader.byte()?;
        let size = reader.number()?;
        let mut section = Reader(reader.take(size)?);
        if id == IMPORT_SECTION {
            for _ in 0..section.number()? {
                imports.push((section.name()?, section.name()?));
                section.skip_description()?;
            }
        }
    }
    Some(imports)
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn take(&mut self, size: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(size)?;
        self.0 = rest;
        Some(taken)
    }

    /// Unsigned LEB128 of at most 32 bits; flags of memories may be larger, none that we make.
    fn number(&mut self) -> Option<usize> {
        let mut value = 0_u64;
        for shift in (0..35).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return usize::try_from(value).ok();
            }
        }
        None
    }

    fn name(&mut self) -> Option<String> {
        let size = self.number()?;
        Some(String::from_utf8_lossy(self.take(size)?).into_owned())
    }

    fn skip_description(&mut self) -> Option<()> {
        match self.byte()? {
            // A function's type index.
            0 => drop(self.number()?),
            // A table: its element type, then its limits.
            1 => {
                self.byte()?;
                self.skip_limits()?;
            }
            2 => self.skip_limits()?,
            // A global: value type and mutability.
            3 => drop(self.take(2)?),
            // A tag: attribute and type index.
            4 => {
                self.byte()?;
                self.number()?;
            }
            _ => return None,
        }
        Some(())
    }

    fn skip_limits(&mut self) -> Option<()> {
        let flags = self.byte()?;
        self.number()?;
        if flags & 1 == 1 {
            self.number()?;
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A module that imports one function from the glue, one memory and one function from `env`.
    fn module() -> Vec<u8> {
        let mut section = vec![3];
        for (module, name, description) in [
            ("__wbindgen_placeholder__", "__wbindgen_throw", &[0, 0][..]),
            ("env", "memory", &[2, 1, 1, 0x80, 2]),
            ("env", "malloc", &[0, 1]),
        ] {
            for text in [module, name] {
                section.push(u8::try_from(text.len()).expect("short"));
                section.extend_from_slice(text.as_bytes());
            }
            section.extend_from_slice(description);
        }
        let mut wasm = b"\0asm\x01\0\0\0\x01\x01\x00\x02".to_vec();
        wasm.push(u8::try_from(section.len()).expect("short"));
        wasm.extend(section);
        wasm
    }

    #[test]
    fn imports_from_anywhere_but_the_glue_are_named() {
        let found: Vec<_> = foreign(&module()).expect("a module").into_iter().collect();
        assert_eq!(found, ["env.malloc", "env.memory"]);
    }

    #[test]
    fn a_module_cut_off_anywhere_is_refused() {
        let wasm = module();
        let whole_sections = [8, 11, wasm.len()];
        for length in (0..wasm.len()).filter(|length| !whole_sections.contains(length)) {
            assert!(foreign(&wasm[..length]).is_err(), "{length} of {} bytes", wasm.len());
        }
    }
}
