using Webhooks.Local.Provisioning;

namespace Webhooks.TestKit;

/// <summary>What an operator does to a broker with rabbitmqctl.</summary>
public static class BrokerControl
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    /// <summary>The names of a virtual host's connections, as the broker shows them.</summary>
    public static Task<string> ConnectionsAsync(this RabbitMqServer server, string uri) => server.EvaluateAsync(
        $"lists:sort([element(2, C) || C <- rabbit_connection_tracking:list(<<\"{VirtualHostOf(uri)}\">>)]).");

    /// <summary>Closes every connection of a virtual host, once there are so many.</summary>
    public static async Task CloseConnectionsAsync(this RabbitMqServer server, string uri, int atLeast = 1)
    {
        var connections = $"rabbit_connection_tracking:list(<<\"{VirtualHostOf(uri)}\">>)";
        await Eventually.TrueAsync(
            async () => int.Parse(await server.EvaluateAsync($"length({connections}).")) >= atLeast, Limit, $"{atLeast} connections");
        await server.EvaluateAsync($"rabbit_connection_tracking:close_connections({connections}, \"closed by a test\", 0).");
    }

    /// <summary>Deletes a virtual host with all that is in it. On a busy machine one of its queues may not answer in time: then once more.</summary>
    public static Task DeleteVirtualHostAsync(this RabbitMqServer server, string uri)
    {
        var name = VirtualHostOf(uri);
        return Eventually.TrueAsync(
            async () => await server.EvaluateAsync($"catch rabbit_vhost:delete(<<\"{name}\">>, <<\"a test\">>), rabbit_vhost:exists(<<\"{name}\">>).") == "false",
            Limit, $"{name} to be deleted");
    }

    /// <summary>A queue's arguments as "name=value", sorted.</summary>
    public static async Task<string[]> QueueArgumentsAsync(this RabbitMqServer server, string uri, string queue)
    {
        var text = await server.EvaluateAsync(
            $$"""
            {ok, Q} = rabbit_amqqueue:lookup(rabbit_misc:r(<<"{{VirtualHostOf(uri)}}">>, queue, <<"{{queue}}">>)),
            lists:flatten(lists:join(" ", lists:sort([io_lib:format("~s=~s", [K, if is_binary(V) -> V; true -> io_lib:format("~w", [V]) end])
                || {K, _, V} <- amqqueue:get_arguments(Q)]))).
            """);
        return text.Trim('"').Split(' ');
    }

    /// <summary>Messages of a queue that were handed over and are not acknowledged.</summary>
    public static async Task<int> UnacknowledgedAsync(this RabbitMqServer server, string uri, string queue) => int.Parse(await server.EvaluateAsync(
        $$"""
        {ok, Q} = rabbit_amqqueue:lookup(rabbit_misc:r(<<"{{VirtualHostOf(uri)}}">>, queue, <<"{{queue}}">>)),
        {ok, {_, Overview}, _} = ra:leader_query(amqqueue:get_pid(Q), fun rabbit_fifo:overview/1),
        maps:get(num_checked_out, Overview).
        """));

    /// <summary>
    /// Makes of a queue what a broker makes of it that was killed right after its declaration: empty, and without a leader.
    /// It can be declared, and never confirms.
    /// </summary>
    public static Task LoseLeaderAsync(this RabbitMqServer server, string uri, string queue) => server.EvaluateAsync(
        $$"""
        {ok, Q} = rabbit_amqqueue:lookup(rabbit_misc:r(<<"{{VirtualHostOf(uri)}}">>, queue, <<"{{queue}}">>)),
        ok = ra:force_delete_server(quorum_queues, amqqueue:get_pid(Q)),
        {[_], []} = rabbit_quorum_queue:recover(<<"{{VirtualHostOf(uri)}}">>, [Q]).
        """);

    /// <summary>Makes a classic queue take and confirm nothing, until it is resumed. Unlike one without a leader it holds no channel.</summary>
    public static Task SuspendQueueAsync(this RabbitMqServer server, string uri, string queue) => server.EvaluateAsync(
        $$"""
        {ok, Q} = rabbit_amqqueue:lookup(rabbit_misc:r(<<"{{VirtualHostOf(uri)}}">>, queue, <<"{{queue}}">>)),
        ok = sys:suspend(amqqueue:get_pid(Q)).
        """);

    public static Task ResumeQueueAsync(this RabbitMqServer server, string uri, string queue) => server.EvaluateAsync(
        $$"""
        {ok, Q} = rabbit_amqqueue:lookup(rabbit_misc:r(<<"{{VirtualHostOf(uri)}}">>, queue, <<"{{queue}}">>)),
        ok = sys:resume(amqqueue:get_pid(Q)).
        """);

    /// <summary>Gives a leader to every queue that has none, and loses nothing. Decision 0002 tells operators to do just that.</summary>
    public static Task ElectLeadersAsync(this RabbitMqServer server) => server.EvaluateAsync(
        """
        [ra:trigger_election(amqqueue:get_pid(Q)) || Q <- rabbit_amqqueue:list(), amqqueue:get_type(Q) =:= rabbit_quorum_queue,
            ra_leaderboard:lookup_leader(element(1, amqqueue:get_pid(Q))) =:= undefined].
        """);

    /// <summary>
    /// Consumers of a virtual host's channels. A queue's own count includes canceled ones that have messages in hand.
    /// </summary>
    public static async Task<int> ConsumersAsync(this RabbitMqServer server, string uri) => int.Parse(await server.EvaluateAsync(
        // Only its own channels are asked: another test's may be held, by a queue without a leader, and answer after a minute. Caught:
        // any may end between the list and the question.
        $$"""
        lists:sum([C || {P, Infos} <- ets:tab2list(channel_created), proplists:get_value(vhost, Infos) =:= <<"{{VirtualHostOf(uri)}}">>,
            [{consumer_count, C}] <- [(catch rabbit_channel:info(P, [consumer_count]))]]).
        """));

    /// <summary>Makes a user of its own who may do everything in a virtual host, and returns the URI to connect with.</summary>
    public static async Task<string> AddUserAsync(this RabbitMqServer server, string uri, string name)
    {
        await server.EvaluateAsync(
            $"""
            U = <<"{name}">>, V = <<"{VirtualHostOf(uri)}">>,
            ok = rabbit_auth_backend_internal:add_user(U, <<"password">>, <<"test">>),
            ok = rabbit_auth_backend_internal:set_permissions(U, V, <<".*">>, <<".*">>, <<".*">>, <<"test">>).
            """);
        return new UriBuilder(uri) { UserName = name, Password = "password" }.Uri.AbsoluteUri;
    }

    /// <summary>From which queues and exchanges everybody who may do all else in a virtual host may read: <c>rabbitmqctl set_permissions</c>. It holds for new channels.</summary>
    public static Task PermitReadingAsync(this RabbitMqServer server, string uri, string pattern) => server.EvaluateAsync(
        $"""
        U = <<"{new Uri(uri).UserInfo.Split(':')[0]}">>, V = <<"{VirtualHostOf(uri)}">>,
        ok = rabbit_auth_backend_internal:set_permissions(U, V, <<".*">>, <<".*">>, <<"{pattern}">>, <<"test">>).
        """);

    /// <summary>Raises the memory alarm: the broker blocks whoever publishes.</summary>
    public static Task RaiseMemoryAlarmAsync(this RabbitMqServer server) => server.EvaluateAsync("vm_memory_monitor:set_vm_memory_high_watermark(0).");

    public static Task ClearMemoryAlarmAsync(this RabbitMqServer server) =>
        server.EvaluateAsync("vm_memory_monitor:set_vm_memory_high_watermark({absolute, \"1GB\"}).");

    /// <summary>Raises the disk alarm, which blocks whoever publishes just as well: there can never be so much room.</summary>
    public static Task RaiseDiskAlarmAsync(this RabbitMqServer server) => server.EvaluateAsync("rabbit_disk_monitor:set_disk_free_limit(\"1000000GB\").");

    public static Task ClearDiskAlarmAsync(this RabbitMqServer server) => server.EvaluateAsync("rabbit_disk_monitor:set_disk_free_limit(\"1MB\").");

    /// <summary>RabbitMQ 3.10 registers new queues on the disk up to half a second late; killed before, they stay without a leader.</summary>
    public static Task SyncAsync(this RabbitMqServer server) => server.EvaluateAsync("[dets:sync(Table) || Table <- dets:all()].");

    private static string VirtualHostOf(string uri) => Uri.UnescapeDataString(new Uri(uri).AbsolutePath[1..]);
}
