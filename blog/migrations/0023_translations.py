import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('blog', '0022_search'),
    ]

    operations = [
        migrations.AddField(
            model_name='post',
            name='translation_of',
            field=models.ForeignKey(blank=True, help_text='The post that was written first. Pages of both lead to each other, and search engines are told.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='translations', to='blog.post', verbose_name='translation of'),
        ),
        migrations.AddConstraint(
            model_name='post',
            constraint=models.CheckConstraint(condition=models.Q(('translation_of', None), models.Q(('translation_of', models.F('pk')), _negated=True), _connector='OR'), name='post_translates_another'),
        ),
    ]
