"""Where manifests come from: files, folders and standard input; and the files that manifests refer to."""
