"""One module per revision; none imports the tables of today, which go on changing."""
