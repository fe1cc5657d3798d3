"""The pictures in the documents, made from what runs: none of them shows a page that is no longer so."""
