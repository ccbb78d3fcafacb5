"""What every system needs and no business word: database, bulk, batches, files in and out, documents."""
