using System.Text;
using Webhooks.Subscriptions.Notices;

namespace Webhooks.Subscriptions.Tests.Notices;

public sealed class NoticeDataTests
{
    [Fact]
    public void Members_keep_their_order_and_the_spelling_of_all_events() => Assert.Equal(
        """{"z":"Größe \"1\"\n🧾","a":null,"number":503,"none":null,"negative":-2147483648}""",
        Text(new NoticeData().Add("z", "Größe \"1\"\n🧾").Add("a", (string?)null).Add("number", 503).Add("none", (int?)null).Add("negative", int.MinValue)));

    [Fact]
    public void Nothing_is_an_empty_object() => Assert.Equal("{}", Text(new NoticeData()));

    private static string Text(NoticeData data) => Encoding.UTF8.GetString(data.ToBytes());
}
