//! Signatures by ssh keys: made by `ssh-keygen`, checked here.
