from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("blog", "0016_sitemap")]

    operations = [
        migrations.AddField(
            "site",
            "ai_crawlers",
            models.CharField(
                choices=[
                    ("welcome", "All are welcome"),
                    ("no-training", "Answer questions from it, but do not train on it"),
                    ("refused", "None may read it"),
                ],
                db_default="welcome", default="welcome",
                help_text="What robots.txt asks of those who gather texts for AI. Search engines like Google and Bing may read your site in any case. It is a request: most large companies keep to it, and nobody has to. If none may read it, there is no /llms.txt either.",
                max_length=12,
                verbose_name="crawlers of language models",
            ),
        ),
    ]
