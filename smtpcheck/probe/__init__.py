"""The network side: resolve, connect, talk, and record what happened."""
