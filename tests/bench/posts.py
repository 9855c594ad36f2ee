"""Something to read. Runs in the desk of a site."""

from django.utils import timezone

from blog.models import Author, Category, Post


def publish(count: int, body: str) -> str:
    """So many posts that the public may see; returns the address of the newest."""
    author = Author(username="ada", display_name="Ada Penn", email="ada@example.com")
    author.set_unusable_password()
    author.save()
    category = Category.objects.create(name="Notes from the harbour")
    for number in range(count):
        post = Post(title=f"Post {number}", summary="What it says.", body=body, author=author)
        post.status, post.published_at = "published", timezone.now()
        post.save()
        post.categories.add(category)
    return post.get_absolute_url()
