using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Webhooks.Subscriptions.Events;

namespace Webhooks.Subscriptions.Tests;

public sealed class EventReaderPropertyTests
{
    [Fact]
    public void Any_data_reaches_the_event_in_the_one_spelling() =>
        Prop.ForAll(SpelledJson.AnyObject.ToArbitrary(), SpelledJson.AnyObject.ToArbitrary(), (data, metadata) =>
        {
            var body = $$"""{"metadata":{{metadata.Source}},"id":"e","type":"a","tenant_id":"t","other":{{data.Source}},"data":{{data.Source}} }""";
            return EventReader.Read(Encoding.UTF8.GetBytes(body)) is EventReading.Accepted { Event: var accepted }
                && Encoding.UTF8.GetString(accepted.Data.Span) == data.Minified
                && Encoding.UTF8.GetString(accepted.Metadata!.Value.Span) == metadata.Minified;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Any_bytes_have_an_answer() =>
        Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), bytes => EventReader.Read(bytes) is EventReading.Refused)
            .Check(Config.QuickThrowOnFailure.WithMaxTest(1_000));

    [Fact]
    public void Any_JSON_in_the_place_of_any_member_has_an_answer() =>
        Prop.ForAll(
            SpelledJson.Any.ToArbitrary(),
            Gen.Elements("id", "type", "timestamp", "version", "tenant_id", "context_id", "data", "metadata", "message", "messageType").ToArbitrary(),
            Gen.Elements(null, "application/vnd.masstransit+json").ToArbitrary(),
            (json, member, contentType) => EventReader.Read(Encoding.UTF8.GetBytes($$"""{"{{member}}":{{json.Source}}}"""), contentType) is EventReading.Refused)
            .Check(Config.QuickThrowOnFailure.WithMaxTest(1_000));

    [Fact]
    public void An_event_that_breaks_off_anywhere_is_not_JSON() =>
        Prop.ForAll(SpelledJson.AnyObject.ToArbitrary(), ArbMap.Default.ArbFor<NonNegativeInt>(), (data, cut) =>
        {
            var bytes = Encoding.UTF8.GetBytes($$"""{"id":"e","type":"a","tenant_id":"t","data":{{data.Source}}}""");
            return EventReader.Read(bytes.AsSpan(0, cut.Get % bytes.Length)) is EventReading.Refused { Reason: RefusalReason.NotJson };
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(500));
}
