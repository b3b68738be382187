using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Webhooks.Subscriptions.Events;
using Webhooks.Subscriptions.Profiles;
using Webhooks.Subscriptions.Rendering;

namespace Webhooks.Subscriptions.Tests;

public sealed class EnvelopeRendererTests
{
    private static readonly Arbitrary<Profile> AnyProfile = Gen.Elements<Profile>(BuiltInProfiles.All).ToArbitrary();

    private static readonly Arbitrary<AcceptedEvent> AnyEvent = (
        from data in SpelledJson.AnyObject
        from metadata in SpelledJson.AnyObject.OrNull()
        from context in Gen.Elements(null, "", "ctx_1", "é \"😀\" \\ \n \u2028")
        from version in Gen.Elements("1.0", "2\t")
        from timestamp in Gen.Elements("2024-01-20T10:30Z", "2024-01-20T10:30:00.987654321+02:00", "1969-12-31T23:59:59.5Z")
        select new AcceptedEvent
        {
            Id = "evt.1", Type = "a.b", TenantId = "t", Timestamp = timestamp, Version = version, ContextId = context,
            Data = Encoding.UTF8.GetBytes(data.Minified),
            Metadata = metadata is null ? default(ReadOnlyMemory<byte>?) : Encoding.UTF8.GetBytes(metadata.Minified),
        }).ToArbitrary();

    public static TheoryData<string, string> ProfilesAndDocuments => new(
        BuiltInProfiles.All.SelectMany(profile => Documents.Names.Select(name => (profile.Name, name))));

    [Theory]
    [MemberData(nameof(ProfilesAndDocuments))]
    public void A_document_is_rendered_as_expected_to_the_byte(string profileName, string document)
    {
        Assert.True(Profile.TryFind(profileName, out var profile));

        Assert.Equal(Documents.ExpectedBody(profile, document), Render(profile, Documents.Event(document)));
    }

    [Fact]
    public void The_eight_documents_and_one_more_are_there() => Assert.Equal(9, Documents.Names.Count());

    [Fact]
    public void What_is_rendered_is_JSON_with_the_profiles_members_in_their_order() =>
        Prop.ForAll(AnyProfile, AnyEvent, (profile, accepted) =>
        {
            var names = JsonDocument.Parse(EnvelopeRenderer.Render(profile, accepted)).RootElement.EnumerateObject().Select(member => member.Name).ToArray();
            return names.SequenceEqual(profile.Envelope.Select(field => field.Name).Where(names.Contains))
                && profile.Envelope.All(field => names.Contains(field.Name) || IsAbsent(field, accepted));
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void What_is_rendered_has_the_events_values() =>
        Prop.ForAll(AnyEvent, accepted =>
        {
            var root = JsonDocument.Parse(EnvelopeRenderer.Render(BuiltInProfiles.Matcher, accepted)).RootElement;
            return root.GetProperty("id").GetString() == accepted.Id
                && root.GetProperty("type").GetString() == accepted.Type
                && root.GetProperty("timestamp").GetString() == accepted.Timestamp
                && root.GetProperty("version").GetString() == accepted.Version
                && root.GetProperty("tenant_id").GetString() == accepted.TenantId
                && (root.TryGetProperty("context_id", out var context) ? context.GetString() : null) == accepted.ContextId
                && root.GetProperty("data").GetRawText() == Encoding.UTF8.GetString(accepted.Data.Span)
                && (root.TryGetProperty("metadata", out var metadata) ? metadata.GetRawText() : null)
                    == (accepted.Metadata is { } bytes ? Encoding.UTF8.GetString(bytes.Span) : null);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void What_is_rendered_twice_is_the_same_twice() =>
        Prop.ForAll(AnyProfile, AnyEvent, (profile, accepted) =>
            EnvelopeRenderer.Render(profile, accepted).Span.SequenceEqual(EnvelopeRenderer.Render(profile, accepted with { }).Span)).QuickCheckThrowOnFailure();

    [Fact]
    public void What_the_matcher_profile_renders_reads_as_the_same_event() =>
        Prop.ForAll(AnyEvent, accepted =>
        {
            var body = EnvelopeRenderer.Render(BuiltInProfiles.Matcher, accepted);
            return EventReader.Read(body.Span) is EventReading.Accepted { Event: var again }
                && EnvelopeRenderer.Render(BuiltInProfiles.Matcher, again).Span.SequenceEqual(body.Span);
        }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("2024-01-20T10:30:00.9999Z", "2024-01-20T10:30:00.999Z", 1705746600)]
    [InlineData("2024-01-20T12:30:00+02:00", "2024-01-20T10:30:00.000Z", 1705746600)]
    [InlineData("1969-12-31T23:59:59.2505Z", "1969-12-31T23:59:59.250Z", -1)]
    public void Created_is_the_events_timestamp_cut_to_what_the_profile_knows(string timestamp, string milliseconds, long seconds)
    {
        var accepted = Documents.Event("match.confirmed") with { Timestamp = timestamp };

        Assert.Contains($"\"created\":\"{milliseconds}\",", Render(BuiltInProfiles.MatchAudit, accepted), StringComparison.Ordinal);
        Assert.Contains($"\"created\":{seconds},", Render(BuiltInProfiles.Kyc, accepted), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"amount":1.50}""", "\"amount\":1.50,")]
    [InlineData("""{"currency":"EUR","x":{"amount":1},"reference_id":[7]}""", "\"reference_id\":[7],\"currency\":\"EUR\",")]
    [InlineData("""{"amount":null}""", "\"amount\":null,")]
    [InlineData("{}", "")]
    public void Bookkeepers_own_members_come_from_data_when_they_are_there(string data, string expected) => Assert.Equal(
        $$"""{"id":"evt_mtch_001","type":"match.confirmed","timestamp":"2024-01-20T10:30:01Z",{{expected}}"data":{{data}}""" + "}",
        Render(BuiltInProfiles.Bookkeeper, Documents.Event("match.confirmed") with { Data = Encoding.UTF8.GetBytes(data) }));

    [Fact]
    public void Empty_metadata_is_absent() => Assert.EndsWith(
        "}}",
        Render(BuiltInProfiles.Matcher, Documents.Event("match.confirmed") with { Metadata = (byte[]?)null }),
        StringComparison.Ordinal);

    [Fact]
    public void An_event_that_was_never_accepted_is_not_rendered() => Assert.All(
        BuiltInProfiles.All,
        profile => Assert.Throws<InvalidOperationException>(() => Render(profile, Documents.Event("match.confirmed") with { Timestamp = null })));

    private static bool IsAbsent(EnvelopeField field, AcceptedEvent accepted) => field.Name switch
    {
        "context_id" => accepted.ContextId is null,
        "metadata" => accepted.Metadata is null,
        "reference_id" or "amount" or "currency" => true, // no generated data has a member of such a name
        _ => false,
    };

    private static string Render(Profile profile, AcceptedEvent accepted) => Encoding.UTF8.GetString(EnvelopeRenderer.Render(profile, accepted).Span);
}
