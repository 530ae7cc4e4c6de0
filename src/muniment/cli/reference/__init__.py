"""The pages of the generated reference, one module each: `page()` returns Markdown."""
