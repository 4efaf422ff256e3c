"""Components, templates, styles, languages: what every page is made of, and nothing a page is about."""
