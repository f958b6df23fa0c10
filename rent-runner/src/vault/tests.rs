//! The vault with a real store and real key files.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use tempfile::TempDir;

use super::key::run_command;
use super::*;
use crate::store::NewAccount;

const PASSWORD: &[u8] = b"invented-1";

/// A store and a key file in one new folder.
struct Scene {
    folder: TempDir,
    store: Store,
    source: KeySource,
    key: PathBuf,
}

async fn scene() -> Scene {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("rent.db").to_str().unwrap()).await.unwrap();
    let key = folder.path().join("config/rent-runner/key");
    Scene { store, source: KeySource::File(key.clone()), key, folder }
}

impl Scene {
    async fn open(&self) -> Result<Vault, VaultError> {
        Vault::open(&self.store, &self.source).await.map_err(|error| error.downcast().unwrap())
    }

    /// Adds an account and gives the vault it was sealed with.
    async fn with_account(&self) -> Vault {
        let vault = self.open().await.unwrap();
        let password = vault.seal(SealPurpose::Password("tester1"), PASSWORD).unwrap();
        let account = NewAccount {
            name: "tester1".to_owned(),
            site: "namyangju".to_owned(),
            base_url: None,
            login: "tester1".to_owned(),
            password,
        };
        self.store.add_account(&account).await.unwrap();
        vault
    }

    /// The password, as one who opens the store afresh reads it.
    async fn password(&self) -> Result<Vec<u8>, VaultError> {
        let vault = self.open().await?;
        let account = self.store.account("tester1").await.unwrap();
        let plain = vault.unseal(SealPurpose::Password("tester1"), &account.password)?;
        Ok(plain.expose_secret().clone())
    }

    fn mode(&self, path: &Path) -> u32 {
        path.metadata().unwrap().permissions().mode() & 0o777
    }

    fn write(&self, path: &Path, text: &str) {
        fs::write(path, text).unwrap();
        fs::set_permissions(path, PermissionsExt::from_mode(0o600)).unwrap();
    }
}

fn new_vault() -> Vault {
    Vault::of(SecretBox::new(Box::new(random().unwrap())))
}

fn base64_of(vault: &Vault) -> String {
    BASE64.encode(vault.key.expose_secret())
}

#[tokio::test]
async fn the_first_opening_makes_a_key_that_only_its_owner_reads() {
    let scene = scene().await;
    let vault = scene.open().await.unwrap();
    assert!(vault.is_new());
    assert_eq!(scene.mode(&scene.key), 0o600);
    assert_eq!(scene.mode(scene.key.parent().unwrap()), 0o700);
    let text = fs::read_to_string(&scene.key).unwrap();
    assert_eq!((text.len(), text.ends_with('\n')), (45, true));
    // No draft is left.
    assert_eq!(fs::read_dir(scene.key.parent().unwrap()).unwrap().count(), 1);

    let again = scene.open().await.unwrap();
    assert!(!again.is_new());
    assert_eq!(again.key.expose_secret(), vault.key.expose_secret());
}

#[tokio::test]
async fn a_byte_order_mark_before_the_key_of_a_file_is_left_out() {
    let scene = scene().await;
    let made = scene.open().await.unwrap();
    let text = fs::read_to_string(&scene.key).unwrap();
    fs::write(&scene.key, format!("\u{feff}{}\r\n", text.trim())).unwrap();
    let again = scene.open().await.unwrap();
    assert_eq!(again.key.expose_secret(), made.key.expose_secret());
}

#[tokio::test]
async fn many_first_openings_agree_on_one_key() {
    let scene = scene().await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (store, source) = (scene.store.clone(), scene.source.clone());
        tasks.spawn(async move { Vault::open(&store, &source).await.unwrap() });
    }
    let vaults = tasks.join_all().await;
    assert_eq!(vaults.iter().filter(|vault| vault.is_new()).count(), 1);
    assert!(vaults.iter().all(|vault| vault.key.expose_secret() == vaults[0].key.expose_secret()));
}

#[test]
fn what_is_sealed_opens_only_as_what_it_is() {
    let vault = new_vault();
    let purposes = [
        SealPurpose::Password("tester1"),
        SealPurpose::Password("tester2"),
        SealPurpose::Session("tester1"),
        SealPurpose::Applicant,
        SealPurpose::Check,
    ];
    for (index, purpose) in purposes.iter().enumerate() {
        let sealed = vault.seal(*purpose, PASSWORD).unwrap();
        for (other_index, other) in purposes.iter().enumerate() {
            let opened = vault.unseal(*other, &sealed);
            if index == other_index {
                assert_eq!(opened.unwrap().expose_secret(), PASSWORD);
            } else {
                assert_eq!(opened.err(), Some(VaultError::Broken), "{purpose:?} as {other:?}");
            }
        }
        assert_eq!(new_vault().unseal(*purpose, &sealed).err(), Some(VaultError::Broken));
        // Every byte counts, and none may be missing.
        for byte in 0..sealed.0.len() {
            let mut changed = sealed.clone();
            changed.0[byte] ^= 1;
            assert_eq!(vault.unseal(*purpose, &changed).err(), Some(VaultError::Broken), "byte {byte}");
            let cut = Sealed(sealed.0[..byte].to_vec());
            assert_eq!(vault.unseal(*purpose, &cut).err(), Some(VaultError::Broken), "cut at {byte}");
        }
        assert_ne!(vault.seal(*purpose, PASSWORD).unwrap(), sealed, "a nonce is used once");
    }
}

#[tokio::test]
async fn a_missing_key_is_told_with_what_to_do() {
    let scene = scene().await;
    scene.with_account().await;
    let kept = fs::read(&scene.key).unwrap();
    fs::remove_file(&scene.key).unwrap();
    let missing = scene.open().await.unwrap_err();
    assert!(matches!(missing, VaultError::Missing { .. }), "{missing:?}");
    let text = missing.to_string();
    for part in [scene.key.to_str().unwrap(), "backup", "rent-runner account add"] {
        assert!(text.contains(part), "{text}");
    }
    // No new key was made in its place.
    assert!(!scene.key.exists());
    scene.write(&scene.key, std::str::from_utf8(&kept).unwrap());
    assert_eq!(scene.password().await.as_deref(), Ok(PASSWORD));
}

#[tokio::test]
async fn a_wrong_key_is_not_taken() {
    let scene = scene().await;
    scene.with_account().await;
    let other = base64_of(&new_vault());
    scene.write(&scene.key, &other);
    let wrong = scene.open().await.unwrap_err();
    assert!(matches!(&wrong, VaultError::Wrong { .. }), "{wrong:?}");
    assert!(!format!("{wrong} {wrong:?}").contains(&other));
}

#[tokio::test]
async fn a_key_that_others_can_read_is_refused() {
    let scene = scene().await;
    scene.with_account().await;
    for mode in [0o640, 0o604, 0o620] {
        fs::set_permissions(&scene.key, PermissionsExt::from_mode(mode)).unwrap();
        let refused = scene.open().await.unwrap_err().to_string();
        assert!(refused.contains(&format!("chmod 600 {}", scene.key.display())), "{refused}");
    }
    fs::set_permissions(&scene.key, PermissionsExt::from_mode(0o400)).unwrap();
    assert_eq!(scene.password().await.as_deref(), Ok(PASSWORD));
}

#[tokio::test]
async fn a_file_that_is_no_key_is_refused_and_not_shown() {
    let scene = scene().await;
    scene.with_account().await;
    for text in ["", "\n", "not base64 at all", "aW52ZW50ZWQtMQ=="] {
        scene.write(&scene.key, text);
        let refused = scene.open().await.unwrap_err();
        assert!(matches!(&refused, VaultError::Unusable { .. }), "{refused:?}");
        assert!(text.len() < 2 || !format!("{refused} {refused:?}").contains(text), "{refused}");
    }
    fs::remove_file(&scene.key).unwrap();
    fs::create_dir(&scene.key).unwrap();
    assert!(matches!(scene.open().await, Err(VaultError::Unusable { .. })));
}

#[tokio::test]
async fn a_key_that_cannot_be_made_leaves_the_store_without_a_vault() {
    let mut scene = scene().await;
    let file = scene.folder.path().join("a file");
    fs::write(&file, "").unwrap();
    scene.source = KeySource::File(file.join("key"));
    assert!(matches!(scene.open().await, Err(VaultError::Unusable { .. })));
    assert!(scene.store.vault().await.unwrap().is_none());
}

#[tokio::test]
async fn the_environment_gives_the_key() {
    let scene = scene().await;
    let key = base64_of(&new_vault());
    let source = KeySource::Environment;
    let open = async |value: Option<&str>| {
        let value = value.map(str::to_owned);
        let environment = move |name: &str| value.clone().filter(|_| name == "RENT_KEY");
        let opened = Vault::open_with(&scene.store, &source, &environment).await;
        opened.map_err(|error| error.downcast::<VaultError>().unwrap())
    };
    // Nothing to read it from yet, and nothing to seal with.
    assert!(matches!(open(None).await, Err(VaultError::Unusable { .. })));
    assert!(scene.store.vault().await.unwrap().is_none());
    assert!(!open(Some(&key)).await.unwrap().is_new());
    assert!(open(Some(&format!(" {key}\n"))).await.is_ok());
    assert!(matches!(open(None).await, Err(VaultError::Missing { .. })));
    assert!(matches!(open(Some(&base64_of(&new_vault()))).await, Err(VaultError::Wrong { .. })));
    let refused = open(Some("invented-1")).await.unwrap_err();
    assert!(!format!("{refused} {refused:?}").contains("invented-1"));
}

#[tokio::test]
async fn a_command_gives_the_key() {
    let scene = scene().await;
    let key = base64_of(&new_vault());
    let open = async |command: &str| {
        let opened = Vault::open(&scene.store, &KeySource::Command(command.to_owned())).await;
        opened.map_err(|error| error.downcast::<VaultError>().unwrap())
    };
    assert!(open(&format!("echo {key}; echo more")).await.is_ok());
    assert!(open(&format!("printf %s {key}")).await.is_ok());
    for command in
        [format!("echo {key}; exit 3"), "echo invented-1".to_owned(), "head -c 9999 /dev/zero".into()]
    {
        let refused = open(&command).await.unwrap_err();
        assert!(matches!(&refused, VaultError::Unusable { .. }), "{refused:?}");
        let text = format!("{refused} {refused:?}");
        assert!(!text.contains("invented-1") && !text.contains(&key), "{text}");
    }
}

#[test]
fn a_command_that_does_not_end_is_ended() {
    let short = Duration::from_millis(50);
    assert!(run_command("sleep 600", short).is_err());
    assert!(run_command("exec >&-; sleep 600", short).is_err());
}

#[tokio::test]
async fn rekey_seals_everything_with_another_key() {
    let scene = scene().await;
    let old = scene.with_account().await;
    assert_eq!(Vault::rekey(&scene.store, &scene.source).await.unwrap(), 1);
    assert_eq!(scene.password().await.as_deref(), Ok(PASSWORD));
    let new = scene.open().await.unwrap();
    assert_ne!(new.key.expose_secret(), old.key.expose_secret());
    assert!(!successor(&scene.key).exists());
    assert_eq!(scene.mode(&scene.key), 0o600);
    let sealed = scene.store.account("tester1").await.unwrap().password;
    assert_eq!(old.unseal(SealPurpose::Password("tester1"), &sealed).err(), Some(VaultError::Broken));
}

#[tokio::test]
async fn rekey_survives_a_crash_before_the_store_is_resealed() {
    let scene = scene().await;
    scene.with_account().await;
    for left in ["", "half a k", &base64_of(&new_vault())] {
        scene.write(&successor(&scene.key), left);
        assert_eq!(scene.password().await.as_deref(), Ok(PASSWORD), "{left:?}");
        assert_eq!(Vault::rekey(&scene.store, &scene.source).await.unwrap(), 1);
        assert_eq!(scene.password().await.as_deref(), Ok(PASSWORD), "{left:?}");
        assert!(!successor(&scene.key).exists());
    }
}

#[tokio::test]
async fn rekey_survives_a_crash_inside_the_transaction() {
    let scene = scene().await;
    let old = scene.with_account().await;
    let new = new_vault();
    let ready = || {
        write_successor(&scene.key, &new.key).unwrap();
        Err(VaultError::Broken)
    };
    old.reseal(&scene.store, &new, ready).await.unwrap_err();
    assert!(successor(&scene.key).exists());
    assert_eq!(scene.password().await.as_deref(), Ok(PASSWORD));
    assert_eq!(scene.open().await.unwrap().key.expose_secret(), old.key.expose_secret());
}

#[tokio::test]
async fn rekey_survives_a_crash_before_the_key_file_is_replaced() {
    for old_is_there in [true, false] {
        let scene = scene().await;
        let old = scene.with_account().await;
        let new = new_vault();
        let ready = || write_successor(&scene.key, &new.key);
        old.reseal(&scene.store, &new, ready).await.unwrap();
        if !old_is_there {
            fs::remove_file(&scene.key).unwrap();
        }
        assert_eq!(scene.password().await.as_deref(), Ok(PASSWORD));
        assert!(!successor(&scene.key).exists());
        assert_eq!(scene.open().await.unwrap().key.expose_secret(), new.key.expose_secret());
    }
}

#[tokio::test]
async fn two_changes_of_keys_at_once_leave_one_that_opens() {
    let scene = scene().await;
    scene.with_account().await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..6 {
        let (store, source) = (scene.store.clone(), scene.source.clone());
        tasks.spawn(async move { Vault::rekey(&store, &source).await.is_ok() });
    }
    let done = tasks.join_all().await;
    assert!(done.contains(&true), "{done:?}");
    assert_eq!(scene.password().await.as_deref(), Ok(PASSWORD));
}

#[tokio::test]
async fn a_key_of_the_environment_is_followed_by_the_one_beside_it() {
    let scene = scene().await;
    let (first, second) = (base64_of(&new_vault()), base64_of(&new_vault()));
    let both = |new: Option<String>| {
        let first = first.clone();
        move |name: &str| match name {
            "RENT_KEY" => Some(first.clone()),
            "RENT_NEW_KEY" => new.clone(),
            _ => None,
        }
    };
    let source = KeySource::Environment;
    for new in [None, Some(first.clone()), Some("invented-1".to_owned())] {
        let refused = Vault::rekey_with(&scene.store, &source, &both(new)).await.unwrap_err();
        assert!(refused.to_string().contains("RENT_NEW_KEY"), "{refused}");
    }
    Vault::rekey_with(&scene.store, &source, &both(Some(second.clone()))).await.unwrap();
    assert!(Vault::open_with(&scene.store, &source, &both(None)).await.is_err());
    let only_second = |name: &str| Some(second.clone()).filter(|_| name == "RENT_KEY");
    assert!(Vault::open_with(&scene.store, &source, &only_second).await.is_ok());
}

#[test]
fn nothing_of_a_key_is_shown() {
    let vault = new_vault();
    let plain = vault.unseal(SealPurpose::Check, &vault.seal(SealPurpose::Check, PASSWORD).unwrap()).unwrap();
    let text = format!("{vault:?} {plain:?} {:?}", vault.key);
    assert!(!text.contains(&base64_of(&vault)) && !text.contains("invented-1"), "{text}");
    assert!(!text.contains(&format!("{:?}", vault.key.expose_secret())), "{text}");
}
