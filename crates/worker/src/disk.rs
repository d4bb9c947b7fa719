//! The origin-private file system: folders, small files that survive being killed, and files that are written piece by
//! piece.

use js_sys::futures::JsFuture;
use js_sys::{Array, ArrayBuffer, IteratorNext, Promise, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{
    File, FileSystemDirectoryHandle, FileSystemFileHandle, FileSystemGetDirectoryOptions, FileSystemGetFileOptions,
    FileSystemReadWriteOptions, FileSystemRemoveOptions, FileSystemSyncAccessHandle,
};

use crate::clock::{scope, sleep};
use crate::copies::{copy, newest};
use crate::failure::{Failure, Result, name_of};

/// A worker that was killed keeps its files for about two seconds (Chromium 156).
const TRIES: u32 = 50;
const BETWEEN_TRIES: i32 = 100;
/// The names of a small file's two copies end so.
const COPIES: [&str; 2] = [".1", ".2"];

/// Waits for a promise; what it gives is taken to be what the interface says.
pub(crate) async fn wait<T: JsCast>(promise: impl Into<Promise>) -> std::result::Result<T, JsValue> {
    let value: JsValue = JsFuture::from(promise.into()).await?;
    Ok(value.unchecked_into())
}

/// A folder.
#[derive(Debug, Clone)]
pub struct Folder(FileSystemDirectoryHandle);

impl Folder {
    /// The topmost one.
    ///
    /// # Errors
    /// Where the browser has no such file system, or not here.
    pub async fn root() -> Result<Self> {
        let storage = js_sys::Reflect::get(&scope().navigator(), &"storage".into())?;
        if storage.is_undefined() {
            return Err(Failure::new("no-storage", "this browser does not let the app store anything here"));
        }
        Ok(Self(wait(storage.unchecked_into::<web_sys::StorageManager>().get_directory()).await?))
    }

    /// A folder in it, made if need be.
    ///
    /// # Errors
    /// The browser's.
    pub async fn folder(&self, name: &str) -> Result<Self> {
        let create = FileSystemGetDirectoryOptions::new();
        create.set_create(true);
        Ok(Self(wait(self.0.get_directory_handle_with_options(name, &create)).await?))
    }

    /// A file in it as it is now, if it is there.
    ///
    /// # Errors
    /// The browser's.
    pub async fn file(&self, name: &str) -> Result<Option<File>> {
        let handle: FileSystemFileHandle = match wait(self.0.get_file_handle(name)).await {
            Err(error) if name_of(&error) == "NotFoundError" => return Ok(None),
            handle => handle?,
        };
        Ok(Some(wait(handle.get_file()).await?))
    }

    /// How many bytes are in a file; none if it is not there.
    ///
    /// # Errors
    /// The browser's.
    pub async fn length(&self, name: &str) -> Result<u64> {
        Ok(self.file(name).await?.map_or(0, |file| whole(file.size())))
    }

    /// A file to be written, made if need be. Nobody else can write it meanwhile.
    ///
    /// # Errors
    /// The browser's.
    pub async fn write(&self, name: &str) -> Result<Writing> {
        let create = FileSystemGetFileOptions::new();
        create.set_create(true);
        let handle: FileSystemFileHandle = wait(self.0.get_file_handle_with_options(name, &create)).await?;
        for _ in 1..TRIES {
            match wait(handle.create_sync_access_handle()).await {
                Err(error) if name_of(&error) == "NoModificationAllowedError" => sleep(BETWEEN_TRIES).await,
                opened => return Ok(Writing(opened?)),
            }
        }
        Ok(Writing(wait(handle.create_sync_access_handle()).await?))
    }

    /// Removes a file or a folder with all that is in it; none does nothing.
    ///
    /// # Errors
    /// The browser's, for instance if somebody still writes it.
    pub async fn remove(&self, name: &str) -> Result<()> {
        let all = FileSystemRemoveOptions::new();
        all.set_recursive(true);
        for _ in 1..TRIES {
            match wait::<JsValue>(self.0.remove_entry_with_options(name, &all)).await {
                Err(error) if name_of(&error) == "NotFoundError" => return Ok(()),
                Err(error) if name_of(&error) == "NoModificationAllowedError" => sleep(BETWEEN_TRIES).await,
                removed => return removed.map(drop).map_err(Failure::from),
            }
        }
        wait::<JsValue>(self.0.remove_entry_with_options(name, &all)).await?;
        Ok(())
    }

    /// The names of all that is in it.
    ///
    /// # Errors
    /// The browser's.
    pub async fn names(&self) -> Result<Vec<String>> {
        let (entries, mut names) = (self.0.keys(), Vec::new());
        loop {
            let next: IteratorNext = wait(entries.next()?).await?;
            if next.done() {
                return Ok(names);
            }
            names.extend(next.value().as_string());
        }
    }

    /// What a small file holds, by whichever of its copies counts.
    ///
    /// # Errors
    /// The browser's; `handset-damaged` if it is there and no copy is whole.
    pub async fn read_small(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let copies = self.copies(name).await?;
        match newest([copies[0].as_deref(), copies[1].as_deref()]) {
            Some((_, bytes)) => Ok(Some(bytes.to_vec())),
            // A first writing that broke off leaves one copy that is torn, and nothing that was ever there.
            None if copies.iter().flatten().count() < 2 => Ok(None),
            None => Err(Failure::new(
                "handset-damaged",
                "this handset's files are damaged: erase it, and restore the line from a backup",
            )),
        }
    }

    /// Writes a small file: whenever this is killed, what was there before is, or what is new. Nothing of what was before
    /// stays in the end.
    ///
    /// # Errors
    /// The browser's; what was there before stays then.
    pub async fn write_small(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let copies = self.copies(name).await?;
        let held = newest([copies[0].as_deref(), copies[1].as_deref()]).map(|(number, _)| number);
        let is_first = |copy: &Option<Vec<u8>>| held.is_some() && number_of(copy.as_deref()) == held;
        // First over the copy that does not count, and only then over the one that did.
        let order = if is_first(&copies[0]) { [1, 0] } else { [0, 1] };
        let new = copy(held.map_or(1, |number| number.saturating_add(1)), bytes);
        for place in order {
            let suffix = COPIES.get(place).copied().unwrap_or_default();
            let file = self.write(&format!("{name}{suffix}")).await?;
            file.write_at(0, &new)?;
            file.truncate(new.len() as u64)?;
            file.flush()?;
        }
        Ok(())
    }

    /// Removes a small file.
    ///
    /// # Errors
    /// The browser's.
    pub async fn remove_small(&self, name: &str) -> Result<()> {
        for suffix in COPIES {
            self.remove(&format!("{name}{suffix}")).await?;
        }
        Ok(())
    }

    async fn copies(&self, name: &str) -> Result<[Option<Vec<u8>>; 2]> {
        let mut copies = [None, None];
        for (copy, suffix) in copies.iter_mut().zip(COPIES) {
            if let Some(file) = self.file(&format!("{name}{suffix}")).await? {
                *copy = Some(read(&file, 0, whole(file.size())).await?);
            }
        }
        Ok(copies)
    }
}

fn number_of(copy: Option<&[u8]>) -> Option<u64> {
    newest([copy, None]).map(|(number, _)| number)
}

/// A stretch of a file's bytes, into our own memory.
///
/// # Errors
/// The browser's, for instance if the file changed since it was chosen.
pub async fn read(blob: &web_sys::Blob, from: u64, to: u64) -> Result<Vec<u8>> {
    let slice = blob.slice_with_f64_and_f64(float(from), float(to))?;
    let bytes: ArrayBuffer = wait(slice.array_buffer()).await?;
    Ok(Uint8Array::new(&bytes).to_vec())
}

/// A file that is being written; let go of when dropped.
#[derive(Debug)]
pub struct Writing(FileSystemSyncAccessHandle);

impl Writing {
    /// Writes bytes at a place.
    ///
    /// # Errors
    /// `disk-full`, or the browser's.
    pub fn write_at(&self, at: u64, bytes: &[u8]) -> Result<()> {
        let options = FileSystemReadWriteOptions::new();
        options.set_at(float(at));
        let written = self.0.write_with_u8_array_and_options(bytes, &options)?;
        if whole(written) < bytes.len() as u64 {
            let sentence = "there is no room left for this on the device: make space and try again";
            return Err(Failure::new("disk-full", sentence));
        }
        Ok(())
    }

    /// Cuts it to so many bytes.
    ///
    /// # Errors
    /// The browser's.
    pub fn truncate(&self, length: u64) -> Result<()> {
        Ok(self.0.truncate_with_f64(float(length))?)
    }

    /// Makes what was written last.
    ///
    /// # Errors
    /// The browser's.
    pub fn flush(&self) -> Result<()> {
        Ok(self.0.flush()?)
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// A Blob of several parts, one after the other.
pub(crate) fn join(parts: &Array, media_type: &str) -> Result<web_sys::Blob> {
    let options = web_sys::BlobPropertyBag::new();
    options.set_type(media_type);
    Ok(web_sys::Blob::new_with_blob_sequence_and_options(parts, &options)?)
}

/// A count of bytes as a browser gives it.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "browsers count bytes in whole numbers")]
pub fn whole(number: f64) -> u64 {
    number as u64
}

/// A count of bytes as a browser takes it.
#[expect(clippy::cast_precision_loss, reason = "no file has 2^53 bytes")]
pub(crate) fn float(number: u64) -> f64 {
    number as f64
}
