"""What a pass found, in the forms that people and pipelines read. One table feeds all of them."""
