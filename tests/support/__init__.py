"""What several test packages need: a running emulator and somebody who plays the receiver."""
