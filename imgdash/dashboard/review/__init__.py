"""Parts of the Review page that are no components: what is listed, what is shown of an image, what is asked."""
